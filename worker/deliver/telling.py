"""What customers hear by webhook of how deliveries ended, whatever the channel."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.hot import Executes
from shared.domain import customer_events, message_errors
from shared.domain.customer_events import CustomerEvent
from shared.domain.states import DeliveryState
from worker.deliver.result import Result, ended_at
from worker.webhooks import outbox

Told = dict[str, Any]
"""How a delivery ended, as it can be written as JSON."""


def of_result(result: Result, row: Mapping[str, Any]) -> Told | None:
    """Say how a call ended its delivery, by the row it is recorded as; ``None`` when it did not, or nobody wants to hear."""
    claim = result.claim
    if not claim.observed or row["state"] not in _REACHED:
        return None
    told = {"account_id": str(claim.account_id), "delivery_id": str(claim.id), "channel": claim.channel, "to": claim.target}
    return {**told, "at": ended_at(result), **{name: row[name] for name in _KNOWN}}


def of_resolved(row: Any) -> Told:
    """Say how a delivery has turned out to have ended, by a row that :data:`settlement.resolve` gave."""
    told = {"account_id": str(row.account_id), "delivery_id": str(row.id), "channel": row.channel, "to": row.target}
    return {**told, "at": row.now.isoformat(), **{name: getattr(row, name) for name in _KNOWN}}


async def tell(connection: Executes, told: Sequence[Told]) -> tuple[UUID, ...]:
    """Write what customers hear. Gives the webhooks to publish after the commit."""
    return await outbox.enqueue(connection, [_event(each) for each in told])


_REACHED = {DeliveryState.SENT: "sent", DeliveryState.FAILED: "failed", DeliveryState.UNKNOWN: "failed"}


_KNOWN = ("state", "code", "reason", "detail", "provider_message_id")


def _event(told: Told) -> CustomerEvent:
    state = DeliveryState(told["state"])
    unknown = state is DeliveryState.UNKNOWN
    sent = state is DeliveryState.SENT
    return customer_events.status(
        UUID(told["account_id"]),
        UUID(told["delivery_id"]),
        told["channel"],
        told["to"],
        _REACHED[state],
        datetime.fromisoformat(told["at"]),
        provider_message_id=told["provider_message_id"],
        error=None if sent else message_errors.of(told["code"], told["reason"], told["detail"], unknown=unknown),
    )
