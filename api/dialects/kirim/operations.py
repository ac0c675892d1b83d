"""What the room of the Kirim dialect serves."""

from typing import Final

from api.dialects.kirim import models, queries
from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Parameter, Tag
from api.openapi.parameters import CREATED, CURSOR, LIMIT, idempotency_key, identifier, query
from shared.domain.messages import Status

_TAG: Final = Tag(
    name="Kirim",
    description="One WhatsApp Business message in Meta's own shape, answered as soon as it is committed. Requests are counted.",
)

_TEXT: Final = {"to": "+628111111111", "type": "text", "text": {"body": "Halo dari Kirim"}}
_ACCEPTED: Final = {
    "data": {
        "id": "msg_01HXYZABCDEFGHJKMNPQRSTVWX",
        "object": "message",
        "to": "+628111111111",
        "type": "text",
        "status": "pending",
        "created_at": "2026-05-24T08:00:00.000Z",
    },
    "request_id": "req_01M7XC8EPCEHFVZ3Z7T6A5DQ50",
}

_ID: Final = identifier("The message's id.", models.MessageId, "msg_01M7XC8EPCEHFVZ3Z7T6A5DQ50")
_KEY: Final = idempotency_key(
    "Makes repeats of this request within 24 hours one: they get the first one's answer, byte for byte.",
    "8e1a2c30-f0a4-4c70-9c2d-7b5e3aef9201",
)
_REPLAYED: Final = {"Idempotent-Replayed": "With a key: whether an earlier request had made the message."}

_MESSAGES: Final = (
    query("status", "Only those that got this far.", Status),
    query("direction", "Only those that went out, which are all that are kept, or that came in.", queries.Direction),
    query("to", "Only those to this number."),
    *CREATED,
    LIMIT,
    CURSOR,
)
_TEMPLATES: Final = (query("status", "Only those with this status.", queries.TemplateStatus), LIMIT, CURSOR)


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/messages",
        name="send_message",
        summary="Send a message",
        description="Commits a message, answers at once. It goes from `pending` to `sent`, `delivered`, `read`, or to `failed`.",
        tag=_TAG,
        parameters=(_KEY,),
        body=Body(type=models.MessageBody, example=_TEXT),
        answers=counted.answers(
            202,
            Answer(description="The message, committed.", type=models.Accepted, headers=_REPLAYED, example=_ACCEPTED),
            *(400, 404, 409, 413, 422),
        ),
    ),
    Operation(
        method="GET",
        path="/v1/messages/<identifier>",
        name="look_up_message",
        summary="Look up a message",
        description="Gives a message as it stands; one that failed has an `error`.",
        tag=_TAG,
        parameters=(_ID,),
        answers=counted.answers(200, Answer(description="The message.", type=models.Message), 404),
    ),
    Operation(
        method="GET",
        path="/v1/messages",
        name="list_messages",
        summary="List messages",
        description="Gives a page of messages, the newest first. A page with filters may be a short one and not be the last.",
        tag=_TAG,
        parameters=_MESSAGES,
        answers=counted.answers(200, Answer(description="A page of messages.", type=models.Messages), 400),
    ),
    Operation(
        method="GET",
        path="/v1/templates",
        name="list_templates",
        summary="List templates",
        description="Gives a page of the account's WhatsApp Business templates, the newest first.",
        tag=_TAG,
        parameters=_TEMPLATES,
        answers=counted.answers(200, Answer(description="A page of templates.", type=models.Templates), 400),
    ),
    Operation(
        method="GET",
        path="/v1/templates/<name>",
        name="look_up_template",
        summary="Look up a template",
        description="Gives a template by Meta's name; of several languages the one that is asked for, else one that can be sent.",
        tag=_TAG,
        parameters=(
            Parameter(name="name", where="path", description="Meta's name of it.", example="order_confirmation"),
            query("language", "The language, as `id_ID`."),
        ),
        answers=counted.answers(200, Answer(description="The template.", type=models.OneTemplate), 404),
    ),
    Operation(
        method="GET",
        path="/v1/me",
        name="show_me",
        summary="Show who is asking",
        description="Gives the account, the token and how often the account may ask.",
        tag=_TAG,
        answers=counted.answers(200, Answer(description="Who is asking.", type=models.Me)),
    ),
)
