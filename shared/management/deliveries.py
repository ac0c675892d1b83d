"""One delivery in a person's hands: locked after its send, changed, and noted for the timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from shared import ids
from shared.db.statements import among, statistics
from shared.db.tables import campaigns, deliveries, events
from shared.domain.campaigns import CampaignState
from shared.domain.due import AT_ONCE, Due
from shared.domain.states import DeliveryState
from shared.management import schedule
from shared.management.errors import NotFound, TooLate

_COLUMNS: Final = (
    *(deliveries.c[name] for name in ("id", "state", "held", "tier", "queue", "queued_at")),
    select(campaigns.c.state).where(campaigns.c.id == deliveries.c.campaign_id).scalar_subquery().label("campaign_state"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """A locked delivery as it stands."""

    id: UUID
    state: DeliveryState
    held: bool
    tier: int
    queue: str
    queued_at: datetime | None
    campaign_state: str | None
    """Of the campaign that made the send, if one did."""
    send: schedule.Standing
    """Its send, locked before it."""


def lock(connection: Connection, delivery_id: UUID, account_id: UUID | None = None) -> Locked:
    """Lock a delivery and its send until the transaction ends. Raises :class:`NotFound`, also for one of another account."""
    send = _lock_send(connection, delivery_id, account_id)
    statement = select(*_COLUMNS).where(deliveries.c.id == delivery_id).with_for_update(key_share=True)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _not_found()
    return Locked(**{**row._mapping, "state": DeliveryState(row.state), "send": send})


def _lock_send(connection: Connection, delivery_id: UUID, account_id: UUID | None) -> schedule.Standing:
    try:
        return schedule.lock(connection, ids.send_of(delivery_id), account_id)
    except NotFound:
        raise _not_found() from None


def _not_found() -> NotFound:
    return NotFound("there is no such delivery")


def is_expired(send: schedule.Standing) -> bool:
    """Tell whether a send's time has passed."""
    return send.expires_at is not None and send.expires_at <= send.now


def requeue(connection: Connection, locked: Locked, kind: str, reason: str) -> Due:
    """Put a delivery back into the queue, with all the patience it had at first. Gives what to publish after the commit.

    That of a paused campaign waits for its resumption. Raises :class:`TooLate` when its campaign was cancelled.
    """
    if locked.campaign_state == CampaignState.CANCELLED:
        raise TooLate("the campaign of the send was cancelled")
    state = DeliveryState.WAITING if locked.campaign_state == CampaignState.PAUSED else DeliveryState.QUEUED
    queued_at = None if locked.queued_at is None else locked.queued_at.isoformat()
    note(connection, locked, kind, reason, queued_at=queued_at)
    now = dict.fromkeys(("queued_at", "published_at"), func.now())
    zero = dict.fromkeys(("attempts", "failures"), 0)
    nothing = dict.fromkeys(("code", "reason", "detail", "processing_ms", "not_before", "ended_at"))
    change(connection, locked, state=state, **now, **zero, **nothing)
    return Due(id=locked.id, queue=locked.queue, at=AT_ONCE)


def change(connection: Connection, locked: Locked, **values: Any) -> None:
    """Write what a person decided; from now on no one else is asked about the delivery."""
    counted = among([locked.id])
    connection.execute(statistics.recount, {**counted, "number": -1})
    connection.execute(update(deliveries).where(deliveries.c.id == locked.id).values(held=False, resolve_at=None, **values))
    connection.execute(statistics.recount, {**counted, "number": 1})


def note(connection: Connection, locked: Locked, kind: str, reason: str, **data: Any) -> None:
    """Note for the timeline what was done."""
    values = {"send_id": locked.send.id, "id": ids.new(), "delivery_id": locked.id, "kind": kind}
    connection.execute(insert(events).values(**values, data={"reason": reason, **data}))
