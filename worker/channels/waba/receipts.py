"""Meta's webhooks of message statuses (Meta, Cloud API webhooks: ``statuses``)."""

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from shared.domain.content import JsonObject
from shared.domain.receipts import Receipt
from worker.channels import answers
from worker.channels.base import Report
from worker.channels.waba import errors
from worker.channels.waba.documents import mapping, objects

_RECEIPTS: Final = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "read": Receipt.READ,
    "played": Receipt.READ,
    "failed": Receipt.FAILED,
}
"""Voice messages are played. Other statuses say nothing of how far a message got."""


def read(body: bytes) -> list[Report]:
    """Read what a webhook reports of messages. Raises :class:`ValueError` when it is no JSON."""
    try:
        document = mapping(json.loads(body))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return [report for status in _statuses(document) if (report := _report(status))]


def _statuses(document: JsonObject) -> Iterator[JsonObject]:
    for entry in objects(document.get("entry")):
        for change in objects(entry.get("changes")):
            yield from objects(mapping(change.get("value")).get("statuses"))


def _report(status: JsonObject) -> Report | None:
    receipt, message_id = _RECEIPTS.get(str(status.get("status"))), answers.words(status.get("id"))
    if receipt is None or not message_id:
        return None
    return Report(
        delivery_id=_delivery_id(status.get("biz_opaque_callback_data")),
        provider_message_id=message_id,
        receipt=receipt,
        refusal=errors.reported(next(objects(status.get("errors")), {})) if receipt is Receipt.FAILED else None,
    )


def _delivery_id(data: Any) -> UUID | None:
    """Read back what was sent along with the message; others who use the number send along what they like."""
    try:
        return UUID(data) if isinstance(data, str) else None
    except ValueError:
        return None
