"""What customers hear by webhook: that a message got further or failed, and that somebody wrote to them (contract, Kirim 2.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from shared import ids
from shared.domain.message_errors import MessageError
from shared.domain.times import rfc3339


class EventType(StrEnum):
    """What can be subscribed to."""

    MESSAGE_STATUS = "message.status"
    MESSAGE_RECEIVED = "message.received"


META: Final = "meta"
"""The body is Meta's own, reduced to the one message it is about."""
KIRIM: Final = "kirim"
"""The body is an envelope ``{id, type, created_at, data}``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerEvent:
    """Something an account wants to hear of, once for each of its subscriptions."""

    account_id: UUID
    type: EventType
    source: str
    event_id: str
    """What the customer tells repeats by: Meta's message id, or ``evt_...``."""
    dedupe: str
    """What we tell repeats by: a second event of one account with the same text is not sent."""
    body: Mapping[str, Any]

    @classmethod
    def passed_on(cls, account_id: UUID, kind: EventType, message_id: str, dedupe: str, raw: Mapping[str, Any]) -> Self:
        """Pass on what Meta has said."""
        return cls(account_id=account_id, type=kind, source=META, event_id=message_id, dedupe=dedupe, body=raw)

    @classmethod
    def enveloped(cls, account_id: UUID, kind: EventType, dedupe: str, at: datetime, data: Mapping[str, Any]) -> Self:
        """Say it in our own words."""
        event_id = ids.encode(ids.EVENT, ids.new())
        body = {"id": event_id, "type": kind.value, "created_at": rfc3339(at), "data": data}
        return cls(account_id=account_id, type=kind, source=KIRIM, event_id=event_id, dedupe=dedupe, body=body)


def status(
    account_id: UUID,
    delivery_id: UUID,
    channel: str,
    to: str | None,
    reached: str,
    at: datetime,
    *,
    provider_message_id: str | None = None,
    error: MessageError | None = None,
) -> CustomerEvent:
    """Say that a message was ``sent``, ``delivered``, ``read`` or has ``failed``; on whatever channel."""
    send_id = ids.send_of(delivery_id)
    message = {
        "id": ids.encode(ids.MESSAGE, send_id),
        "object": "message",
        "send_id": ids.encode(ids.SEND, send_id),
        "delivery_id": ids.encode(ids.DELIVERY, delivery_id),
        "channel": channel,
        "to": to,
        "status": reached,
        "provider_message_id": provider_message_id,
    }
    failed = {"error": {"code": error.code, "message": error.message, "provider_code": error.provider_code}} if error else {}
    dedupe = f"{ids.encode(ids.DELIVERY, delivery_id)}:{reached}"
    return CustomerEvent.enveloped(account_id, EventType.MESSAGE_STATUS, dedupe, at, {"message": {**message, **failed}})
