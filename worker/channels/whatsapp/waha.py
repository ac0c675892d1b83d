"""WAHA, from its OpenAPI description of version 2026.7.1 and the error bodies of its source."""

import re
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.content import JsonObject, MessageType
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Unknown
from worker.channels import answers, http
from worker.channels.answers import Answer
from worker.channels.base import Absence, Finding, Wires
from worker.channels.whatsapp import errors, message_ids
from worker.channels.whatsapp.gateway import Delivery, chat_id
from worker.channels.whatsapp.rendering import File, Kind, Place, Text

Verdict = tuple[Code, Action]

_FILES: Final[dict[Kind, str]] = {
    MessageType.IMAGE: "sendImage",
    MessageType.VIDEO: "sendVideo",
    MessageType.DOCUMENT: "sendFile",
    MessageType.AUDIO: "sendVoice",
}

SESSION_STATES: Final[dict[str, Verdict]] = {
    "STARTING": (Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    "WORKING": (Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    "SCAN_QR_CODE": (Code.DEVICE_DISCONNECTED, Action.KEY),
    "PASSKEY_REQUIRED": (Code.DEVICE_DISCONNECTED, Action.KEY),
    "PASSKEY_CONFIRMATION_REQUIRED": (Code.DEVICE_DISCONNECTED, Action.KEY),
    "FAILED": (Code.DEVICE_DISCONNECTED, Action.KEY),
    "STOPPED": (Code.DEVICE_DISCONNECTED, Action.KEY),
}
"""What a session that cannot send is refused with (422), by its status; a status not listed is a device that needs a person."""

DEFAULT_SESSION: Final = "default"
_NEEDS_A_PERSON: Final = (Code.DEVICE_DISCONNECTED, Action.KEY)
_WORKING: Final = "WORKING"

MESSAGES: Final[dict[tuple[int, str], Verdict]] = {
    (404, "find a session with name"): (Code.DEVICE_DISCONNECTED, Action.KEY),
    (404, "Session not found"): (Code.DEVICE_DISCONNECTED, Action.KEY),
    (422, "not implemented by the engine"): (Code.CONTENT_UNSUPPORTED, Action.PERMANENT),
    (422, "support only 'default' session"): (Code.CREDENTIALS_REJECTED, Action.KEY),
    (400, ""): (Code.CONTENT_INVALID, Action.PERMANENT),
    (422, ""): (Code.CONTENT_INVALID, Action.PERMANENT),
}
"""What decides by a part of the message, the first that fits. A 500 has many messages and is retried, all but the next."""

_NO_LID: Final = re.compile(r"no lid found|no lid for user|lid is missing", re.IGNORECASE)
"""WhatsApp's id of the number was not found: there is no such account, or only the look-up failed."""

_SERVER_ERROR: Final = 500
_PERSONS: Final = "c.us"
_ACK_ERROR: Final = -1


class Waha:
    """The gateway ``waha``."""

    async def send(self, delivery: Delivery, credentials: WhatsappCredentials, wires: Wires) -> Outcome:
        """Make one call, and ask whether the number exists when WAHA does not find its id."""
        answer = await http.exchange(request(delivery, credentials), wires)
        return await _judged(answer, delivery, credentials, wires) if isinstance(answer, Answer) else answer

    async def probe(self, credentials: WhatsappCredentials, wires: Wires) -> Finding:
        """Ask for the session's status."""
        answer = await http.exchange(_status(credentials), wires)
        return finding_of(answer) if isinstance(answer, Answer) else answer

    async def look_up(self, delivery_id: UUID, target: str, credentials: WhatsappCredentials, wires: Wires) -> Sent | Absence:
        """Ask for the message by its id. That WAHA does not have it proves nothing: files have other ids, texts may yet come."""
        answer = await http.exchange(_message(delivery_id, target, credentials), wires)
        return found_in(answer, delivery_id) if isinstance(answer, Answer) else Absence.SO_FAR


async def _judged(answer: Answer, delivery: Delivery, credentials: WhatsappCredentials, wires: Wires) -> Outcome:
    outcome = outcome_of(answer)
    if isinstance(outcome, NotSent) and outcome.code is Code.RECIPIENT_UNREACHABLE:
        return await _verified(outcome, delivery, credentials, wires)
    return outcome


def request(delivery: Delivery, credentials: WhatsappCredentials) -> http.Request:
    """Build the call."""
    operation, body = _content(delivery)
    return http.Request(
        url=f"{credentials.base_url}/api/{operation}",
        line=f"POST /api/{operation}",
        headers=_headers(credentials),
        json={"session": _session(credentials), "chatId": delivery.chat_id(_PERSONS), **body},
    )


def _headers(credentials: WhatsappCredentials) -> dict[str, str]:
    return {"X-Api-Key": credentials.api_key.get_secret_value()}


def _session(credentials: WhatsappCredentials) -> str:
    return credentials.session or DEFAULT_SESSION


def _content(delivery: Delivery) -> tuple[str, JsonObject]:
    """Name the operation and build its body. Only the two that take an id from their client are given one."""
    match delivery.content:
        case Text(body=text):
            return "sendText", {"id": message_ids.message_id(delivery.id), "text": text}
        case Place(latitude=latitude, longitude=longitude, title=title):
            place = {"latitude": latitude, "longitude": longitude, "title": title}
            return "sendLocation", {"id": message_ids.message_id(delivery.id), **place}
        case File() as file:
            return _FILES[file.kind], _file(file)


def _file(file: File) -> JsonObject:
    """Give a file's fields. A voice has no name and no caption, and WAHA makes it the opus that WhatsApp plays."""
    source = {"mimetype": file.mimetype, "url": file.url}
    if file.kind is MessageType.AUDIO:
        return {"file": source, "convert": True}
    named = {**source, "filename": file.name} if file.name else source
    return {"file": named, "caption": file.caption} if file.caption else {"file": named}


def outcome_of(answer: Answer) -> Outcome:
    """Read the answer to a send."""
    document = answer.document()
    return _sent(answer, document) if answer.accepted else _refused(answer, document)


def _refused(answer: Answer, document: JsonObject) -> NotSent | Unknown:
    said = _said(document)
    verdict = _verdict(answer.status, said, document)
    if verdict:
        return errors.refused(verdict, said or "the gateway refused the message", answer, _detail(said, document))
    if answer.status >= _SERVER_ERROR and _NO_LID.search(said):
        unreachable = (Code.RECIPIENT_UNREACHABLE, Action.NEXT)
        return errors.refused(unreachable, "the number was not found on WhatsApp", answer, _detail(said, document))
    return answers.outcome_of_status(answer, said)


def _verdict(status: int, said: str, document: JsonObject) -> Verdict | None:
    state = document.get("status")
    if isinstance(state, str) and "expected" in document:
        return SESSION_STATES.get(state, _NEEDS_A_PERSON)
    return next((verdict for (of, part), verdict in MESSAGES.items() if of == status and part in said), None)


def _said(document: JsonObject) -> str:
    """Give WAHA's explanation, wherever this kind of error keeps it."""
    exception = document.get("exception")
    source = exception if isinstance(exception, dict) else document
    said = source.get("message") or document.get("error")
    return answers.words(", ".join(map(str, said)) if isinstance(said, list) else said)


def _detail(said: str, document: JsonObject) -> JsonObject:
    state = document.get("status")
    return {"message": said, "session_status": answers.words(state)} if isinstance(state, str) else {"message": said}


def _sent(answer: Answer, document: JsonObject) -> Sent | Unknown:
    message_id = _message_id(document)
    if message_id is None:
        return answers.unreadable(answer)
    return Sent(provider_message_id=message_id, trace=answer.trace())


def _message_id(document: JsonObject) -> str | None:
    """Find the id in what the engine behind WAHA returned; each has a shape of its own."""
    data, key = document.get("_data"), document.get("key")
    candidates = (document.get("id"), data.get("id") if isinstance(data, dict) else None, key)
    return next((found for found in map(_serialized, candidates) if found), None)


def _serialized(value: Any) -> str | None:
    if isinstance(value, dict):
        return answers.words(value.get("_serialized") or value.get("id")) or None
    return answers.words(value) or None


async def _verified(outcome: NotSent, delivery: Delivery, credentials: WhatsappCredentials, wires: Wires) -> NotSent:
    """Ask whether the number has WhatsApp. The recipient is out of reach either way: the answer only makes the reason honest."""
    if "@" in delivery.target:
        return outcome
    answer = await http.exchange(_existence(delivery, credentials), wires)
    document = answer.document() if isinstance(answer, Answer) and answer.accepted else {}
    match document.get("numberExists"):
        case False:
            return replace(outcome, reason="the number has no WhatsApp account")
        case True:
            detail = {**outcome.detail, "chat_id": answers.words(document.get("chatId"))}
            return replace(outcome, reason="the number has WhatsApp, but the gateway cannot address it", detail=detail)
        case _:
            return outcome


def _existence(delivery: Delivery, credentials: WhatsappCredentials) -> http.Request:
    return http.Request(
        method="GET",
        url=f"{credentials.base_url}/api/contacts/check-exists",
        line="GET /api/contacts/check-exists",
        headers=_headers(credentials),
        params={"phone": delivery.target, "session": _session(credentials)},
    )


def _status(credentials: WhatsappCredentials) -> http.Request:
    return http.Request(
        method="GET",
        url=f"{credentials.base_url}/api/sessions/{quote(_session(credentials), safe='')}",
        line="GET /api/sessions/*",
        headers=_headers(credentials),
    )


def _message(delivery_id: UUID, target: str, credentials: WhatsappCredentials) -> http.Request:
    """Ask by the long form of the id, which every engine behind WAHA reads."""
    chat = chat_id(target, _PERSONS)
    path = (_session(credentials), "chats", chat, "messages", f"true_{chat}_{message_ids.message_id(delivery_id)}")
    return http.Request(
        method="GET",
        url=f"{credentials.base_url}/api/{'/'.join(quote(part, safe='@') for part in path)}",
        line="GET /api/*/chats/*/messages/*",
        headers=_headers(credentials),
        params={"downloadMedia": "false"},
    )


def found_in(answer: Answer, delivery_id: UUID) -> Sent | Absence:
    """Read the answer to a question for a delivery's message. One that WhatsApp did not take stands in the chat all the same."""
    document = answer.document() if answer.accepted else {}
    message_id = _message_id(document)
    if message_id is None or message_ids.delivery_id(message_id) != delivery_id or document.get("ack") == _ACK_ERROR:
        return Absence.SO_FAR
    return Sent(provider_message_id=message_id, trace=answer.trace())


def is_connected(state: str) -> bool | None:
    """Tell whether a session in a state can send; ``None`` while it is starting."""
    if state == _WORKING:
        return True
    return None if SESSION_STATES.get(state, _NEEDS_A_PERSON)[1] is Action.RETRY else False


def finding_of(answer: Answer) -> Finding:
    """Read the answer to a question about the session."""
    document = answer.document()
    if not answer.accepted:
        return _refused(answer, document)
    state = document.get("status")
    if not isinstance(state, str):
        return answers.unreadable(answer)
    if state == _WORKING:
        return None
    verdict = SESSION_STATES.get(state, _NEEDS_A_PERSON)
    return errors.refused(verdict, "the session is starting", answer, {"session_status": answers.words(state)})
