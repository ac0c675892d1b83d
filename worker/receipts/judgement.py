"""What reports mean for a delivery. Nothing here does any I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared import ids
from shared.domain import confirmation, receipts
from shared.domain.channels import Channel
from shared.domain.confirmation import Until
from shared.domain.outcome import NotSent, Sent
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState
from worker.channels.base import Report
from worker.deliver import consequences
from worker.deliver.consequences import NOTHING, Consequences
from worker.deliver.resolving import Resolution


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
    account_id: UUID
    channel: Channel
    key_id: UUID
    address: str | None
    state: DeliveryState
    receipt: Receipt | None
    provider_message_id: str | None
    claimed_at: datetime | None
    until: Until | None = None
    """How far its send wants it to get."""
    unconfirmed: bool = False
    """It was sent, and has not got that far: its receipt is waited for, or did not come in time."""
    falls_back: bool = False
    """Whether a failure that is reported now opens the tiers that were skipped for its success."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What notices mean for one delivery."""

    best: Notice | None = None
    """What moves the delivery's receipt forward."""
    receipt: Mapping[str, Any] | None = None
    """For :data:`receipts.record`."""
    events: tuple[Mapping[str, Any], ...] = ()
    """For :data:`settlement.insert_events`."""
    confirmed: bool = False
    """It has got as far as its send wants."""
    consequences: Consequences = NOTHING
    """What is to be written even if its state is what it was."""
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
    resolution = _resolution(delivery, best)
    if receipts.furthest(delivery.receipt, best.report.receipt) is delivery.receipt:
        return Verdict(resolution=resolution, too_early=waiting)
    confirmed = delivery.unconfirmed and _is_met(delivery.until, best.report.receipt)
    return Verdict(
        best=best,
        receipt=_receipt_row(delivery.id, best, confirmed=confirmed),
        events=tuple(_events(delivery.id, best.report, confirmed=confirmed)),
        confirmed=confirmed,
        consequences=_mark(delivery, best),
        resolution=resolution,
        too_early=waiting,
    )


def _of_another_call(report: Report, message_id: str | None) -> bool:
    """Tell whether the message of another call failed than the one that is known to have been sent."""
    return report.receipt is Receipt.FAILED and message_id not in {None, report.provider_message_id}


def _is_met(until: Until | None, receipt: Receipt) -> bool:
    return until is not None and confirmation.is_met(until.level, receipt)


def _receipt_row(delivery_id: UUID, notice: Notice, *, confirmed: bool) -> dict[str, Any]:
    return {
        "id": str(delivery_id),
        "receipt": notice.report.receipt,
        "receipt_at": notice.received_at.isoformat(),
        "provider_message_id": notice.report.provider_message_id,
        "confirms": confirmed,
    }


def _events(delivery_id: UUID, report: Report, *, confirmed: bool) -> Iterator[dict[str, Any]]:
    if report.refusal:
        said = {"code": report.refusal.code, "reason": report.refusal.reason, "provider_code": report.refusal.detail.get("code")}
        yield _event(delivery_id, "receipt.failed", **said)
    if confirmed:
        yield _event(delivery_id, "confirmed", reason=report.receipt)


def _event(delivery_id: UUID, kind: str, **data: Any) -> dict[str, Any]:
    whose = {"send_id": str(ids.send_of(delivery_id)), "delivery_id": str(delivery_id)}
    return {**whose, "id": str(ids.new()), "kind": kind, "data": data}


def _mark(delivery: Standing, notice: Notice) -> Consequences:
    refusal, at = notice.report.refusal, notice.received_at.isoformat()
    if refusal is None:
        return NOTHING
    return Consequences(mark=consequences.marked(refusal, delivery.account_id, delivery.channel, delivery.address, at))


def _resolution(delivery: Standing, notice: Notice) -> Resolution | None:
    report = notice.report
    state = receipts.resolution(delivery.state, delivery.receipt, report.receipt)
    source = f"the provider reported it as {report.receipt}"
    if state is DeliveryState.SENT:
        return Resolution.sent(delivery.id, source, Sent(provider_message_id=report.provider_message_id), told=True)
    if state is DeliveryState.FAILED and report.refusal:
        return _failed(delivery, source, report.refusal, report.provider_message_id)
    return None


def _failed(delivery: Standing, source: str, refusal: NotSent, message_id: str) -> Resolution:
    """Say that it failed: the unit of its key's quota was used for nothing, and a refusal of its sender counts as at its call."""
    claimed_at = delivery.claimed_at.isoformat() if delivery.claimed_at else None
    follows = Consequences(
        refund={"id": str(delivery.key_id), "taken_after": claimed_at},
        suspension=consequences.suspended(delivery.key_id, refusal, claimed_at),
    )
    reopens = delivery.state is DeliveryState.SENT and delivery.falls_back
    return Resolution.failed(delivery.id, source, refusal, message_id, follows, reopens=reopens)
