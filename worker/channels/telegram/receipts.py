"""Updates of the Bot API: what people write to a bot, and whether they have stopped it. Telegram reports no receipts."""

from typing import Any, Final

from shared.domain import targets
from shared.domain.channels import Channel
from shared.domain.content import JsonObject
from worker.channels import answers
from worker.channels.base import Inbound, News, Wish
from worker.channels.documents import document, mapping, moment, nested

_WISHES: Final = {"kicked": False, "member": True}
"""What a person's blocking a bot, and taking that back, is written as."""

_KINDS: Final = (
    "photo",
    "video",
    "document",
    "audio",
    "voice",
    "sticker",
    "location",
    "contact",
    "animation",
    "video_note",
    "poll",
)


def read(body: bytes) -> News:
    """Read what an update tells. Raises :class:`ValueError` when it is no JSON. Groups and channels are no persons."""
    update = document(body)
    inbound, wish = _inbound(mapping(update.get("message"))), _wish(mapping(update.get("my_chat_member")))
    return News(inbound=(inbound,) if inbound else (), wishes=(wish,) if wish else ())


def _inbound(message: JsonObject) -> Inbound | None:
    address, at, number = _chat(message), moment(message.get("date")), message.get("message_id")
    if not (address and at and isinstance(number, int)) or isinstance(number, bool):
        return None
    text = message.get("text", message.get("caption"))
    return Inbound(
        provider_message_id=f"{address}:{number}",
        address=address,
        at=at,
        kind=next((kind for kind in _KINDS if kind in message), "text"),
        text=text if isinstance(text, str) else None,
        name=_name(mapping(message.get("from"))),
    )


def _chat(message: JsonObject) -> str | None:
    """Give the canonical id of a chat with one person."""
    number: Any = nested(message, "chat", "id")
    if nested(message, "chat", "type") != "private" or not isinstance(number, int) or isinstance(number, bool):
        return None
    return targets.normalise(Channel.TELEGRAM, str(number))


def _name(person: JsonObject) -> str | None:
    said = (answers.words(person.get(part)) for part in ("first_name", "last_name"))
    return " ".join(filter(None, said)) or None


def _wish(change: JsonObject) -> Wish | None:
    address, at = _chat(change), moment(change.get("date"))
    wants = _WISHES.get(str(nested(change, "new_chat_member", "status")))
    return None if address is None or at is None or wants is None else Wish(address=address, at=at, wants=wants)
