"""What the Kanal dialect serves."""

from collections.abc import Mapping
from typing import Final

from api.dialects.kanal import errors, models, render
from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import LATER, PREFER, idempotency_key

_TAG: Final = Tag(
    name="Kanal",
    description="The Kanal dialect: one WhatsApp recipient, integers for ids, flat errors. The API key is an account token.",
)

_MESSAGE: Final = """Sends a free-form message to a contact that wrote to the number within the last 24 hours.

The request waits for the outcome, ten seconds unless `Prefer` says otherwise; an answer without it is 202. A value of another
type than its field wants counts as missing.
"""
_TEMPLATE: Final = """Sends a saved template, whenever the contact last wrote.

The contact is made when it is new. Otherwise as a message.
"""

_IDEMPOTENCY_KEY: Final = idempotency_key(
    "Within 24 hours, a repeat with the same key sends nothing and gets 201, unless the first attempt failed."
)
_HEADERS: Final = (PREFER, _IDEMPOTENCY_KEY)
_RETRY: Final = {"Retry-After": "Seconds after which to try again."}

_SENT: Final = {"success": True, "message_id": 123456, "contact_id": 7890, "phone_number": "33612345678"}
_STRUCTURE: Final = (
    '{"header": null, "body": {"text": "Hi {{name}}, your order is confirmed.", "variables": [{"name": "name"}]}, "buttons": []}'
)


def _refused(description: str, error: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(description=description, type=models.Refused, headers=headers or {}, example={"error": error})


_ALWAYS: Final = {
    401: _refused("The API key is missing or not valid.", errors.KEY_MISSING),
    403: _refused("The account has no active subscription.", errors.NOT_SUBSCRIBED),
    429: Answer(
        description="The API key asks too often, or too many requests failed to authenticate, as this one did.",
        type=models.TooManyRequests,
        headers=_RETRY,
        example={"error": errors.TOO_MANY_REQUESTS, "retry_after": 60},
    ),
    503: _refused(
        "The database is away, or too many sends wait for one more: nothing was done, and the request may be repeated.",
        errors.UNAVAILABLE,
        _RETRY,
    ),
}


def _sending(sent: str, refused: Answer) -> dict[int, Answer]:
    """Give the answers to a request that sends."""
    return {
        200: Answer(description="It was sent.", type=models.Sent, example={**_SENT, "message": sent}),
        201: Answer(description="An earlier request had the same key.", type=models.Repeated, example=render.repeated("7f9c2b1e")),
        202: Answer(
            description="Accepted; the outcome is still open, or nobody knows it.",
            type=models.Sent,
            headers=LATER,
            example={**_SENT, "message": render.ACCEPTED},
        ),
        400: refused,
        **_ALWAYS,
        409: _refused("The first request with this `Idempotency-Key` is still being accepted.", errors.IN_PROGRESS),
        413: _refused("The body is larger than `ANTAR_MAX_BODY_BYTES`.", "Request Entity Too Large"),
    }


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/api/v1/messages/send",
        name="send_kanal_message",
        summary="Send a message",
        description=_MESSAGE,
        tag=_TAG,
        parameters=_HEADERS,
        body=Body(type=models.Message, example={"to": "33612345678", "type": "text", "text": {"body": "Hello from the API!"}}),
        answers=_sending(
            render.MESSAGE_SENT,
            _refused("The request is wrong, the contact may not be written to, or WhatsApp refused.", errors.TEXT_REQUIRED),
        ),
    ),
    Operation(
        method="POST",
        path="/api/v1/templates",
        name="send_kanal_template",
        summary="Send a template",
        description=_TEMPLATE,
        tag=_TAG,
        parameters=_HEADERS,
        body=Body(
            type=models.Template, example={"template_id": 1234, "phone_number": "33612345678", "variables": {"name": "Alex"}}
        ),
        answers={
            **_sending(
                render.TEMPLATE_SENT,
                _refused(
                    "The request is wrong, the template or the contact cannot be used, or WhatsApp refused the message.",
                    errors.TEMPLATE_REQUIRED,
                ),
            ),
            404: _refused("There is no such template, or it is another's.", errors.TEMPLATE_UNKNOWN),
        },
    ),
    Operation(
        method="GET",
        path="/api/v1/get_templates",
        name="list_kanal_templates",
        summary="List the templates",
        description="Lists the WABA templates that can be sent: those approved and active.",
        tag=_TAG,
        answers={
            200: Answer(
                description="All of them, the oldest first.",
                type=list[models.ListedTemplate],
                example=[
                    {
                        "id": 1234,
                        "phone_number_id": 155500000000001,
                        "name": "order_confirmation",
                        "wa_status": "APPROVED",
                        "structure": _STRUCTURE,
                        "created_at": "2026-01-10T12:00:00.000000Z",
                        "updated_at": "2026-01-10T12:00:00.000000Z",
                    }
                ],
            ),
            **_ALWAYS,
        },
    ),
    Operation(
        method="POST",
        path="/api/v1/me",
        name="show_kanal_team",
        summary="Show the account",
        description="Tells whose API key it is, and which numbers it can send from.",
        tag=_TAG,
        answers={200: Answer(description="The account.", type=models.Team), **_ALWAYS},
    ),
)
