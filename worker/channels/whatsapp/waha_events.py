"""WAHA's webhooks, from its OpenAPI description of version 2026.7.1: acknowledgements, messages that come in, and its sessions."""

from collections.abc import Iterator
from typing import Any, Final

from shared.domain.content import JsonObject
from shared.domain.outcome import Action, Code, NotSent
from shared.domain.receipts import Receipt
from worker.channels import answers
from worker.channels.base import Inbound, News, Report, Session
from worker.channels.documents import document, mapping, moment, nested
from worker.channels.whatsapp import chats, message_ids, waha

_ACKS: Final = {1: Receipt.SENT, 2: Receipt.DELIVERED, 3: Receipt.READ, 4: Receipt.READ, -1: Receipt.FAILED}
"""SERVER, DEVICE, READ, PLAYED and ERROR; 0, PENDING, says nothing yet."""

_FAILED: Final = NotSent(
    code=Code.PROVIDER_ERROR, reason="WhatsApp did not take the message", action=Action.PERMANENT, detail={"message": "ERROR"}
)
_MILLISECONDS: Final = 1000
_ALTERNATES: Final = (("key", "remoteJidAlt"), ("Info", "SenderAlt"))
"""Where the engines behind WAHA have the number of a person who writes under an id that hides it."""

_NAMES: Final = (("notifyName",), ("pushName",), ("Info", "PushName"))
"""Where they have what a person calls itself."""


def read(body: bytes) -> News:
    """Read what a webhook tells. Raises :class:`ValueError` when it is no JSON."""
    event = document(body)
    payload = mapping(event.get("payload"))
    match event.get("event"):
        case "message.ack":
            return News(reports=tuple(_reports(payload)))
        case "message":
            return News(inbound=tuple(_inbound(payload)))
        case "session.status":
            return News(session=_session(event, payload))
        case _:
            return News()


def _reports(payload: JsonObject) -> Iterator[Report]:
    """Read an acknowledgement of a message of ours; those that others wrote are acknowledged by us."""
    ack, message_id = payload.get("ack"), answers.words(payload.get("id"))
    receipt = _ACKS.get(ack) if isinstance(ack, int) and not isinstance(ack, bool) else None
    if receipt is None or not message_id or payload.get("fromMe") is False:
        return
    bare = message_ids.bare(message_id)
    yield Report(
        delivery_id=message_ids.delivery_id(message_id),
        provider_message_id=message_id,
        receipt=receipt,
        refusal=_FAILED if receipt is Receipt.FAILED else None,
        bare_id=bare,
        spellings=(bare, *_spellings(payload, bare)),
    )


def _spellings(payload: JsonObject, bare: str) -> Iterator[str]:
    """Give the ids the message has in the chats that the acknowledgement names: WhatsApp may have come to hide a number."""
    for chat in (payload.get("to"), payload.get("from"), *_alternates(payload)):
        address = chats.person(chat)
        if address:
            yield f"true_{address if '@' in address else f'{address}@c.us'}_{bare}"


def _alternates(payload: JsonObject) -> list[Any]:
    return [nested(payload, "_data", *path) for path in _ALTERNATES]


def _inbound(payload: JsonObject) -> Iterator[Inbound]:
    chat = chats.person(payload.get("from"))
    address, at = chats.person(payload.get("from"), *_alternates(payload)), moment(payload.get("timestamp"))
    message_id = answers.words(payload.get("id"))
    if chat and address and at and message_id and payload.get("fromMe") is False:
        text = payload.get("body")
        names = (answers.words(nested(payload, "_data", *path)) for path in _NAMES)
        yield Inbound(
            provider_message_id=message_id,
            address=address,
            at=at,
            kind=_kind(payload),
            text=text if isinstance(text, str) and text else None,
            name=next(filter(None, names), None),
        )


def _kind(payload: JsonObject) -> str:
    """Give the type of a message, which WAHA does not name: a text, a place, or the first half of a file's media type."""
    if payload.get("hasMedia") is True:
        return answers.words(nested(payload, "media", "mimetype"), "media").partition("/")[0]
    return "location" if mapping(payload.get("location")) else "text"


def _session(event: JsonObject, payload: JsonObject) -> Session | None:
    """Read a session's state; one that is starting has none yet, as when it refuses a message."""
    state, at = payload.get("status"), moment(event.get("timestamp"), a_second=_MILLISECONDS)
    if not isinstance(state, str) or at is None or (connected := waha.is_connected(state)) is None:
        return None
    name = payload.get("name") or event.get("session")
    return Session(connected=connected, at=at, name=answers.words(name, waha.DEFAULT_SESSION))
