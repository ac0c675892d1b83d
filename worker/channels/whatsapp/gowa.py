"""GOWA (go-whatsapp-web-multidevice), from its OpenAPI description of version 9.0.0 and the error codes of its source."""

from base64 import b64encode
from typing import Final
from uuid import UUID

from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.content import JsonObject, MessageType
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Unknown
from worker.channels import answers, http
from worker.channels.answers import Answer
from worker.channels.base import Absence, Finding, Wires
from worker.channels.whatsapp import errors
from worker.channels.whatsapp.gateway import Delivery
from worker.channels.whatsapp.rendering import File, Kind, Place, Text

Verdict = tuple[Code, Action]

_DISCONNECTED: Final = (Code.DEVICE_DISCONNECTED, Action.KEY)
_CREDENTIALS: Final = (Code.CREDENTIALS_REJECTED, Action.KEY)

CODES: Final[dict[str, Verdict]] = {
    "AUTHENTICATION_ERROR": _DISCONNECTED,
    "INVALID_WA_CLI": _DISCONNECTED,
    "DEVICE_NOT_FOUND": _CREDENTIALS,
    "DEVICE_ID_REQUIRED": _CREDENTIALS,
    "INVALID_JID": (Code.RECIPIENT_UNREACHABLE, Action.NEXT),
    "WA_REACHOUT_TIMELOCK": (Code.RECIPIENT_LIMITED, Action.NEXT),
    "VALIDATION_ERROR": (Code.CONTENT_INVALID, Action.PERMANENT),
    "UPLOAD_MEDIA_ERROR": (Code.PROVIDER_ERROR, Action.RETRY),
    "INTERNAL_SERVER_ERROR": (Code.PROVIDER_ERROR, Action.RETRY),
    "DEVICE_MANAGER_UNAVAILABLE": (Code.PROVIDER_UNAVAILABLE, Action.RETRY),
}
"""What each code allows next. Wrong Basic credentials are the 401 without a code."""

_NO_SESSION: Final = ("client is not initialized", "you are not log")
"""The internal errors that are a device without a session."""

_ACCEPTED: Final = "SUCCESS"
_TIMEOUT: Final = "GATEWAY_TIMEOUT"

_FILES: Final[dict[Kind, str]] = {
    MessageType.IMAGE: "image",
    MessageType.VIDEO: "video",
    MessageType.DOCUMENT: "file",
    MessageType.AUDIO: "audio",
}


class Gowa:
    """The gateway ``gowa``."""

    async def send(self, delivery: Delivery, credentials: WhatsappCredentials, wires: Wires) -> Outcome:
        """Make one call."""
        answer = await http.exchange(request(delivery, credentials), wires)
        return outcome_of(answer) if isinstance(answer, Answer) else answer

    async def probe(self, credentials: WhatsappCredentials, wires: Wires) -> Finding:
        """Ask for the device's status."""
        answer = await http.exchange(_status(credentials), wires)
        return finding_of(answer) if isinstance(answer, Answer) else answer

    async def look_up(self, delivery_id: UUID, target: str, credentials: WhatsappCredentials, wires: Wires) -> Sent | Absence:
        """Find nothing: GOWA takes no id from its client, and the answer that named its own was lost."""
        del delivery_id, target, credentials, wires
        return Absence.FOR_GOOD


def request(delivery: Delivery, credentials: WhatsappCredentials) -> http.Request:
    """Build the call: JSON, but multipart for files."""
    operation, body = _content(delivery)
    fields = {"phone": delivery.chat_id("s.whatsapp.net"), **body}
    return http.Request(
        url=f"{credentials.base_url}/send/{operation}",
        line=f"POST /send/{operation}",
        headers=_headers(credentials),
        json=None if isinstance(delivery.content, File) else fields,
        multipart=fields if isinstance(delivery.content, File) else None,
    )


def _headers(credentials: WhatsappCredentials) -> dict[str, str]:
    """Give the device's name, where the key has one, and ``user:password`` as Basic credentials (RFC 7617)."""
    user, _, password = credentials.api_key.get_secret_value().partition(":")
    basic = {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    return {**basic, "X-Device-Id": credentials.session} if credentials.session else basic


def _content(delivery: Delivery) -> tuple[str, dict[str, str]]:
    match delivery.content:
        case Text(body=text):
            return "message", {"message": text}
        case Place(latitude=latitude, longitude=longitude):
            return "location", {"latitude": str(latitude), "longitude": str(longitude)}
        case File(kind=kind, url=url, caption=caption):
            operation = _FILES[kind]
            source = {f"{operation}_url": url}
            return operation, {"caption": caption, **source} if caption else source


def outcome_of(answer: Answer) -> Outcome:
    """Read the answer to a send."""
    document = answer.document()
    code, said = answers.words(document.get("code")), answers.words(document.get("message"))
    if answer.accepted and code == _ACCEPTED:
        return Sent(provider_message_id=_message_id(document), trace=answer.trace(code))
    return _refused(answer, code, said)


def _refused(answer: Answer, code: str, said: str) -> NotSent | Unknown:
    if code == _TIMEOUT:
        return Unknown(code=Code.ANSWER_TIMEOUT, reason=said or "WhatsApp did not answer in time", trace=answer.trace(code))
    verdict = _DISCONNECTED if any(part in said for part in _NO_SESSION) else CODES.get(code)
    if verdict is None or answer.accepted:
        return answers.outcome_of_status(answer, said, code or None)
    return errors.refused(verdict, said or code, answer, {"code": code, "message": said}, code)


def _message_id(document: JsonObject) -> str | None:
    results = document.get("results")
    return answers.words(results.get("message_id")) or None if isinstance(results, dict) else None


def _status(credentials: WhatsappCredentials) -> http.Request:
    return http.Request(
        method="GET",
        url=f"{credentials.base_url}/app/status",
        line="GET /app/status",
        headers=_headers(credentials),
    )


def finding_of(answer: Answer) -> Finding:
    """Read the answer to a question about the device: it sends when it is connected and logged in."""
    document = answer.document()
    code = answers.words(document.get("code"))
    if not answer.accepted or code != _ACCEPTED:
        return _refused(answer, code, answers.words(document.get("message")))
    results = document.get("results")
    flags = [results.get(name) for name in ("is_connected", "is_logged_in")] if isinstance(results, dict) else [None]
    if None in flags:
        return answers.unreadable(answer)
    return None if all(flag is True for flag in flags) else errors.device_disconnected(answer, {}, code)
