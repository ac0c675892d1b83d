"""GOWA's webhooks, as version 9 documents them: receipts, and messages that come in."""

from typing import Final

from shared.domain.content import JsonObject
from shared.domain.receipts import Receipt
from worker.channels import answers
from worker.channels.base import Inbound, News, Report
from worker.channels.documents import document, mapping, moment
from worker.channels.whatsapp import chats

_RECEIPTS: Final = {"delivered": Receipt.DELIVERED, "read": Receipt.READ}
_MEDIA: Final = ("image", "video", "audio", "document", "sticker", "video_note", "contact", "location")
"""The fields by which a message is known to be more than a text."""


def read(body: bytes) -> News:
    """Read what a webhook tells. Raises :class:`ValueError` when it is no JSON."""
    event = document(body)
    payload = mapping(event.get("payload"))
    match event.get("event"):
        case "message.ack":
            return News(reports=_reports(payload))
        case "message":
            inbound = _inbound(payload)
            return News(inbound=(inbound,) if inbound else ())
        case _:
            return News()


def _reports(payload: JsonObject) -> tuple[Report, ...]:
    """Read the receipt of several messages at once. GOWA chooses their ids, and has told them in its answers."""
    receipt, listed = _RECEIPTS.get(str(payload.get("receipt_type"))), payload.get("ids")
    if receipt is None or not isinstance(listed, list):
        return ()
    message_ids = [message_id for each in listed if (message_id := answers.words(each))]
    return tuple(Report(delivery_id=None, provider_message_id=each, receipt=receipt) for each in message_ids)


def _inbound(payload: JsonObject) -> Inbound | None:
    """Read what a person wrote; in a group it is written to all."""
    chat = chats.person(payload.get("chat_id"))
    address, at = chats.person(payload.get("from"), payload.get("chat_id")), moment(payload.get("timestamp"))
    message_id = answers.words(payload.get("id"))
    if not (chat and address and at and message_id) or payload.get("is_from_me") is True:
        return None
    return Inbound(
        provider_message_id=message_id,
        address=address,
        at=at,
        kind=next((field for field in _MEDIA if payload.get(field)), "text"),
        text=_text(payload),
        name=answers.words(payload.get("from_name")) or None,
    )


def _text(payload: JsonObject) -> str | None:
    """Give the text, or a file's caption, which lies beside its path."""
    captions = (mapping(payload.get(field)).get("caption") for field in _MEDIA)
    return next((said for said in (payload.get("body"), *captions) if isinstance(said, str) and said), None)
