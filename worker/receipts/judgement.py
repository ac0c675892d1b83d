"""What reports mean for a delivery. Nothing here does any I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared import ids
from shared.domain import receipts
from shared.domain.outcome import NotSent, Sent
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState
from worker.channels.base import Report
from worker.deliver.settle import Resolution


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A report, and the webhook it came with."""

    report: Report
    webhook_id: UUID
    account_id: UUID
    channel: str
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A delivery as it stands."""

    id: UUID
    state: DeliveryState
    receipt: Receipt | None
    provider_message_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What notices mean for one delivery."""

    receipt: Mapping[str, Any] | None = None
    """For :data:`receipts.record`."""
    event: Mapping[str, Any] | None = None
    """For :data:`settlement.insert_events`."""
    resolution: Resolution | None = None
    too_early: frozenset[UUID] = frozenset()
    """Webhooks to be handled again when the delivery's call has its outcome."""


def judge(delivery: Standing, notices: Iterable[Notice]) -> Verdict:
    """Say what notices mean for a delivery."""
    about_it = [notice for notice in notices if not _of_another_call(notice.report, delivery.provider_message_id)]
    too_early = [notice for notice in about_it if receipts.must_wait(delivery.state, notice.report.receipt)]
    telling = [notice for notice in about_it if notice not in too_early]
    waiting = frozenset(notice.webhook_id for notice in too_early)
    if not telling:
        return Verdict(too_early=waiting)
    best = max(telling, key=lambda notice: receipts.rank(notice.report.receipt))
    came = best.report.receipt
    moves = receipts.furthest(delivery.receipt, came) is not delivery.receipt
    return Verdict(
        receipt=_receipt_row(delivery.id, best) if moves else None,
        event=_failure(delivery.id, best.report.refusal) if moves and best.report.refusal else None,
        resolution=_resolution(delivery.id, best.report, receipts.resolution(delivery.state, delivery.receipt, came)),
        too_early=waiting,
    )


def _of_another_call(report: Report, message_id: str | None) -> bool:
    """Tell whether the message of another call failed than the one that is known to have been sent."""
    return report.receipt is Receipt.FAILED and message_id not in {None, report.provider_message_id}


def _receipt_row(delivery_id: UUID, notice: Notice) -> dict[str, Any]:
    return {
        "id": str(delivery_id),
        "receipt": notice.report.receipt,
        "receipt_at": notice.received_at.isoformat(),
        "provider_message_id": notice.report.provider_message_id,
    }


def _failure(delivery_id: UUID, refusal: NotSent) -> dict[str, Any]:
    return {
        "send_id": str(ids.send_of(delivery_id)),
        "id": str(ids.new()),
        "delivery_id": str(delivery_id),
        "kind": "receipt.failed",
        "data": {"code": refusal.code, "reason": refusal.reason},
    }


def _resolution(delivery_id: UUID, report: Report, state: DeliveryState | None) -> Resolution | None:
    source = f"the provider reported it as {report.receipt}"
    if state is DeliveryState.SENT:
        return Resolution.sent(delivery_id, source, Sent(provider_message_id=report.provider_message_id))
    if state is DeliveryState.FAILED and report.refusal:
        return Resolution.failed(delivery_id, source, report.refusal, report.provider_message_id)
    return None
