"""Fonnte, from its documentation of ``POST /send`` and ``File limitation``.

Fonnte answers HTTP 200 to everything: ``status`` says whether it took the message, ``reason`` why not. It takes a message into a
queue of its own and tells the fate of it by webhook.
"""

from typing import Any, Final

from shared.domain.content import JsonObject, MessageType
from shared.domain.outcome import Action, Code, Outcome, Sent
from worker.channels import answers, http
from worker.channels.answers import Answer
from worker.channels.base import Wires
from worker.channels.whatsapp import errors
from worker.channels.whatsapp.credentials import WhatsappCredentials
from worker.channels.whatsapp.gateway import Delivery
from worker.channels.whatsapp.rendering import File, Place, Text

Verdict = tuple[Code, Action]

_CREDENTIALS: Final = (Code.CREDENTIALS_REJECTED, Action.KEY)
_INVALID: Final = (Code.CONTENT_INVALID, Action.PERMANENT)

REASONS: Final[dict[str, Verdict]] = {
    "disconnected": (Code.DEVICE_DISCONNECTED, Action.KEY),
    "token invalid": _CREDENTIALS,
    "invalid token": _CREDENTIALS,
    "unknown user": _CREDENTIALS,
    "invalid device": _CREDENTIALS,
    "devices must belong to an account": _CREDENTIALS,
    "insufficient quota": (Code.SENDER_RESTRICTED, Action.KEY),
    "target invalid": (Code.RECIPIENT_UNREACHABLE, Action.NEXT),
    "input invalid": _INVALID,
    "json format invalid": _INVALID,
    "url invalid": _INVALID,
    "url unreachable": (Code.MEDIA_UNREACHABLE, Action.RETRY),
    "file format not supported": (Code.CONTENT_UNSUPPORTED, Action.PERMANENT),
    "file size must under": (Code.CONTENT_TOO_LARGE, Action.PERMANENT),
}
"""What each reason allows next, by the part that carries the meaning and without regard to case."""

_UNLISTED: Final = (Code.PROVIDER_ERROR, Action.PERMANENT)
"""A reason not listed. Fonnte's temporary troubles are answered with ``status: true`` and queued, so a refusal is about the
request and would be repeated."""


class Fonnte:
    """The gateway ``fonnte``."""

    async def send(self, delivery: Delivery, credentials: WhatsappCredentials, wires: Wires) -> Outcome:
        """Make one call."""
        answer = await http.exchange(request(delivery, credentials), wires)
        return outcome_of(answer) if isinstance(answer, Answer) else answer


def request(delivery: Delivery, credentials: WhatsappCredentials) -> http.Request:
    """Build the call. The country code 0 keeps numbers as they are; a message for a disconnected device is to be refused."""
    form = {"target": delivery.target, "countryCode": "0", "connectOnly": "true", **_content(delivery)}
    return http.Request(
        url=f"{credentials.base_url}/send",
        line="POST /send",
        headers={"Authorization": credentials.api_key.get_secret_value()},
        form=form,
    )


def _content(delivery: Delivery) -> dict[str, str]:
    match delivery.content:
        case Text(body=text):
            return {"message": text}
        case Place(latitude=latitude, longitude=longitude):
            return {"location": f"{latitude},{longitude}"}
        case File() as file:
            return _file(file)


def _file(file: File) -> dict[str, str]:
    """Give a file's fields; Fonnte tells the kind by the file itself and names documents only."""
    fields = {"url": file.url}
    if file.kind is MessageType.DOCUMENT and file.name:
        fields["filename"] = file.name
    return {"message": file.caption, **fields} if file.caption else fields


def outcome_of(answer: Answer) -> Outcome:
    """Read the answer to a send. Some refusals spell the field ``Status``."""
    document = {name.lower(): value for name, value in answer.document().items()}
    status = _flag(document.get("status"))
    if answer.accepted and status is True:
        detail: JsonObject = {name: answers.words(document[name]) for name in ("process", "detail") if name in document}
        return Sent(provider_message_id=_first(document.get("id")), detail=detail, trace=answer.trace())
    reason = answers.words(document.get("reason") or document.get("detail"))
    verdict = _verdict(reason)
    if status is not False or not (verdict or answer.accepted):
        return answers.outcome_of_status(answer, reason)
    return errors.refused(verdict or _UNLISTED, reason or "the gateway gave no reason", answer, {"reason": reason}, reason or None)


def _verdict(reason: str) -> Verdict | None:
    lowered = reason.lower()
    return next((verdict for part, verdict in REASONS.items() if part in lowered), None)


def _flag(value: Any) -> bool | None:
    lowered = value.lower() if isinstance(value, str) else value
    if lowered is True or lowered == "true":
        return True
    return False if lowered is False or lowered == "false" else None


def _first(value: Any) -> str | None:
    """Give the id of the only message; Fonnte lists one per target, as a string or a number."""
    found = value[0] if isinstance(value, list) and value else value
    return answers.words(str(found)) if isinstance(found, str | int) else None
