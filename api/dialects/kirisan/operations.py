"""What the Kirisan dialect serves."""

from typing import Final

from api.dialects.kirisan.models import Body as Send
from api.dialects.kirisan.models import Outcome, Refused
from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import LATER, PREFER, idempotency_key

_TAG: Final = Tag(name="Kirisan", description="The Kirisan dialect: one recipient over several channels, in tiers.")

_DESCRIPTION: Final = """Sends one message to one recipient, by one channel or several.

Keys without `fallback` are the first tier, tried side by side; the tiers of `fallback_sequence` 1, 2 and so on follow, each
only when every channel of the one before ended without success. The request waits for the outcome, ten seconds unless `Prefer`
says otherwise; an answer without it is 202. A send whose channels all fail is answered with 200 and `status: false`: read `status`.
"""

_IDEMPOTENCY_KEY: Final = idempotency_key(
    "Within 24 hours, a repeat with the same key and body is the same send and gets its answer."
)
_HEADERS: Final = {"Idempotent-Replayed": "With an `Idempotency-Key`: whether the send was made by an earlier request."}
_ACCEPTED: Final = {**_HEADERS, **LATER}

_EXAMPLE: Final = {
    "keys": {
        "whatsapp": {"token": "DEVICE_TOKEN"},
        "email": {"token": "SENDER_TOKEN", "fallback": True, "fallback_sequence": 1},
    },
    "content": {
        "whatsapp": {"message": {"type": "text", "message": "Hi {{name}}, your order is ready."}},
        "email": {"template": 17},
    },
    "target": {"whatsapp": "6281234567890", "email": "alex@example.com", "variables": {"name": "Alex"}},
}
_DELIVERED: Final = {
    "status": True,
    "id": "snd_01M7XC8EPCEHFVZ3Z7T6A5DQ50",
    "channels": {
        "whatsapp": {"status": False, "reason": "Device disconnected", "processing_time": "89ms"},
        "email": {"status": True, "fallback": True, "processing_time": "891ms"},
    },
}
_QUEUED: Final = {
    "status": True,
    "queued": True,
    "id": "snd_01M7XC8EPCEHFVZ3Z7T6A5DQ50",
    "channels": {"whatsapp": {"status": True, "queued": True}},
}


_RETRY: Final = {"Retry-After": "Seconds after which to try again."}


def _refused(description: str, reason: str, **headers: str) -> Answer:
    return Answer(description=description, type=Refused, headers=headers, example={"status": False, "reason": reason})


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/send",
        name="send",
        summary="Send a message",
        description=_DESCRIPTION,
        tag=_TAG,
        parameters=(PREFER, _IDEMPOTENCY_KEY),
        body=Body(type=Send, example=_EXAMPLE),
        answers={
            200: Answer(description="The outcome, or that it is scheduled.", type=Outcome, headers=_HEADERS, example=_DELIVERED),
            202: Answer(description="Accepted; the outcome is still open.", type=Outcome, headers=_ACCEPTED, example=_QUEUED),
            400: _refused("The request is wrong; `reason` names the field.", "target.email must be a string"),
            401: _refused("The account token is missing or not valid.", "missing api token"),
            403: _refused("A channel key is not this account's.", "whatsapp key does not belong to this account"),
            409: _refused(
                "The first request with this `Idempotency-Key` is still being accepted.",
                "a request with this Idempotency-Key is in progress",
            ),
            413: _refused("The body is larger than `ANTAR_MAX_BODY_BYTES`.", "request entity too large"),
            422: _refused("The `Idempotency-Key` stands for another request.", "Idempotency-Key was used with another request"),
            429: _refused(
                "Too many requests failed to authenticate: this one did so too.", "too many failed authentications", **_RETRY
            ),
            503: _refused(
                "The database is away, or too many sends wait already: nothing was accepted, and the request may be repeated.",
                "service temporarily unavailable",
                **_RETRY,
            ),
        },
    ),
)
