"""Fonnte, from its documentation of ``POST /send``, ``POST /device`` and ``File limitation``.

Fonnte answers HTTP 200 to everything: ``status`` says whether it took the message, ``reason`` why not. It takes a message into a
queue of its own and tells the fate of it by webhook.
"""

from typing import Any, Final
from uuid import UUID

from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.content import JsonObject, MessageType
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Unknown
from worker.channels import answers, http
from worker.channels.answers import Answer
from worker.channels.base import Absence, Finding, Wires
from worker.channels.whatsapp import errors
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

    async def probe(self, credentials: WhatsappCredentials, wires: Wires) -> Finding:
        """Ask for the device's profile."""
        answer = await http.exchange(_profile(credentials), wires)
        return finding_of(answer) if isinstance(answer, Answer) else answer

    async def look_up(self, delivery_id: UUID, target: str, credentials: WhatsappCredentials, wires: Wires) -> Sent | Absence:
        """Find nothing: Fonnte takes no id from its client, and the answer that named its own was lost."""
        del delivery_id, target, credentials, wires
        return Absence.FOR_GOOD


def request(delivery: Delivery, credentials: WhatsappCredentials) -> http.Request:
    """Build the call. The country code 0 keeps numbers as they are; a message for a disconnected device is to be refused."""
    form = {"target": delivery.target, "countryCode": "0", "connectOnly": "true", **_content(delivery)}
    return http.Request(
        url=f"{credentials.base_url}/send",
        line="POST /send",
        headers=_headers(credentials),
        form=form,
    )


def _headers(credentials: WhatsappCredentials) -> dict[str, str]:
    return {"Authorization": credentials.api_key.get_secret_value()}


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
    """Read the answer to a send."""
    document = _document(answer)
    status = _flag(document.get("status"))
    if answer.accepted and status is True:
        detail: JsonObject = {name: answers.words(document[name]) for name in ("process", "detail") if name in document}
        return Sent(provider_message_id=_first(document.get("id")), detail=detail, trace=answer.trace())
    return _refused(answer, document, status)


def _document(answer: Answer) -> JsonObject:
    """Read the fields in lower case: some refusals spell one of them ``Status``."""
    return {name.lower(): value for name, value in answer.document().items()}


def _refused(answer: Answer, document: JsonObject, status: bool | None) -> NotSent | Unknown:  # noqa: FBT001 - as Fonnte says it.
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


def _profile(credentials: WhatsappCredentials) -> http.Request:
    return http.Request(url=f"{credentials.base_url}/device", line="POST /device", headers=_headers(credentials))


def finding_of(answer: Answer) -> Finding:
    """Read the answer to a question about the device; one without any quota left is connected and yet cannot send."""
    document = _document(answer)
    status = _flag(document.get("status"))
    if not answer.accepted or status is not True:
        return _refused(answer, document, status)
    match document.get("device_status"):
        case "connect":
            return _exhausted(answer) if str(document.get("quota")) == "0" else None
        case "disconnect":
            return errors.device_disconnected(answer, {})
        case _:
            return answers.unreadable(answer)


def _exhausted(answer: Answer) -> NotSent:
    reason = "insufficient quota"
    return errors.refused(REASONS[reason], reason, answer, {"reason": reason})
