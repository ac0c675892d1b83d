"""Starting, pausing, resuming and cancelling campaigns.

A pause is exact: once it has answered that nothing is in flight, nothing more leaves until the campaign is resumed, and then the
next recipient is the one whose turn it was. Calls to providers that are under way cannot be taken back; they are waited for.

The campaign is locked first, then its sends, in the order of their ids. See :mod:`shared.db.statements.campaigns`.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, func, update

from shared import ids, settings
from shared.db import clock, members
from shared.db.statements import among, schedule, settlement
from shared.db.statements import campaigns as statements
from shared.db.tables import campaigns as table
from shared.domain import cascade
from shared.domain.campaigns import HALTED, CampaignState
from shared.domain.due import Due
from shared.domain.recurrence import Recurrence
from shared.domain.states import DeliveryState
from shared.management.campaigns import readiness, records
from shared.management.campaigns.records import Campaign
from shared.management.errors import Invalid, TooLate

_LOOK: Final = 0.2
"""Seconds between looks for calls that are under way."""
_PAUSE_OVER: Final[Mapping[str, Any]] = {
    "paused_at": None,
    "paused_seconds": table.c.paused_seconds + func.extract("epoch", func.now() - table.c.paused_at),
}
"""What is written of a campaign that is paused no more."""
_CANCELLABLE: Final = frozenset(
    {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.CANCELLED}
)
_PAUSABLE: Final = frozenset({CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED})
_RESUMABLE: Final = frozenset({CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Halted:
    """What is left of a campaign that was paused or cancelled."""

    in_flight: int
    """Calls to providers that are still under way; 0 is the promise that nothing more leaves."""


def start(connection: Connection, campaign: Campaign) -> CampaignState:
    """Start a locked campaign that is a draft, now or at its time, and give its state from now on.

    One that recurs begins with its next time: nobody who starts it on a Wednesday means last Monday.

    Raises:
        TooLate: It is no draft.
        Invalid: It has no recipients, cannot be sent as it is planned, or has no time left to recur at; the field is named.
    """
    if campaign.state is not CampaignState.DRAFT:
        raise TooLate(f"the campaign is {campaign.state} and can be started as a draft only")
    readiness.check(connection, campaign)
    now = clock.read(connection)
    schedule_at = campaign.schedule_at if campaign.recurrence is None else _next(campaign, campaign.recurrence, now)
    waits = schedule_at is not None and schedule_at > now
    state = CampaignState.SCHEDULED if waits else CampaignState.RUNNING
    _write(connection, campaign.id, state=state, schedule_at=schedule_at, started_at=None if waits else func.now())
    return state


def pause(engine: Engine, account_id: UUID | None, campaign_id: UUID, wait_seconds: float) -> Halted:
    """Pause a campaign that runs or is scheduled, and wait so long for the calls that are under way.

    One that is paused already is looked at once more. Raises :class:`NotFound`, and :class:`TooLate` in any other state.
    """
    with engine.begin() as connection:
        campaign = _lock(connection, account_id, campaign_id, _PAUSABLE, "paused")
        if campaign.state is not CampaignState.PAUSED:
            _write(connection, campaign_id, state=CampaignState.PAUSED, paused_at=func.now())
        claimed = _park(connection, campaign_id)
    return _drain(engine, campaign_id, _park, claimed, wait_seconds)


def resume(engine: Engine, account_id: UUID | None, campaign_id: UUID) -> list[Due]:
    """Let a paused campaign go on. Gives the deliveries to publish, since it is committed; none when it was not paused.

    Raises :class:`NotFound`, and :class:`TooLate` when it has ended or was never started.
    """
    with engine.begin() as connection:
        campaign = _lock(connection, account_id, campaign_id, _RESUMABLE, "resumed")
        if campaign.state is not CampaignState.PAUSED:
            return []
        due = _unpark(connection, _open(connection, campaign_id))
        state = CampaignState.SCHEDULED if campaign.started_at is None else CampaignState.RUNNING
        # What a rate allowed meanwhile is lost: nothing makes up for a pause.
        _write(connection, campaign_id, state=state, fed_at=func.now(), **_PAUSE_OVER)
    return due


def cancel(engine: Engine, account_id: UUID | None, campaign_id: UUID, wait_seconds: float) -> Halted:
    """Stop a campaign for good, and wait so long for the calls that are under way; what waits is cancelled.

    One that is cancelled already is looked at once more. Raises :class:`NotFound`, and :class:`TooLate` when it has ended, or while
    its recipients are read.
    """
    with engine.begin() as connection:
        campaign = _lock(connection, account_id, campaign_id, _CANCELLABLE, "cancelled")
        if campaign.state is not CampaignState.CANCELLED:
            over = _PAUSE_OVER if campaign.state is CampaignState.PAUSED else {}
            _write(connection, campaign_id, state=CampaignState.CANCELLED, **over)
        claimed = _close(connection, campaign_id)
    return _drain(engine, campaign_id, _close, claimed, wait_seconds)


def close(connection: Connection, campaign_id: UUID) -> None:
    """Cancel what waits of a cancelled campaign by now, as a call that is to be tried again does, and end it with its last send."""
    records.lock(connection, None, campaign_id)
    _close(connection, campaign_id)


def _lock(
    connection: Connection, account_id: UUID | None, campaign_id: UUID, allowed: frozenset[CampaignState], done: str
) -> Campaign:
    campaign = records.lock(connection, account_id, campaign_id)
    if campaign.state not in allowed:
        raise TooLate(f"the campaign is {campaign.state} and cannot be {done}")
    return campaign


def _write(connection: Connection, campaign_id: UUID, **values: Any) -> None:
    connection.execute(update(table).where(table.c.id == campaign_id).values(updated_at=func.now(), **values))


def _next(campaign: Campaign, recurrence: Recurrence, now: datetime) -> datetime:
    """Give the next time at which a campaign recurs, by the database's clock."""
    if campaign.schedule_at is not None and campaign.schedule_at > now:
        return campaign.schedule_at
    upcoming = recurrence.after(now, campaign.time_zone)
    if not upcoming:
        raise Invalid("recurrence", "has no time left to recur at")
    return upcoming[0]


def _open(connection: Connection, campaign_id: UUID) -> Sequence[Row[Any]]:
    """Lock the sends of a locked campaign that have not ended."""
    return connection.execute(statements.select_open, {"campaign_id": campaign_id}).all()


def _deliveries(sends: Sequence[Row[Any]]) -> dict[str, Any]:
    return among([identifier for send in sends for identifier in ids.deliveries_of(send.id, send.deliveries)])


def _park(connection: Connection, campaign_id: UUID) -> int:
    """Take what is queued of a halted campaign out of the queue, and count the calls under way as they are after that."""
    sends = _open(connection, campaign_id)
    if not sends:
        return 0
    theirs = _deliveries(sends)
    connection.execute(statements.park, theirs)
    return int(connection.execute(statements.count_claimed, theirs).scalar_one())


def _unpark(connection: Connection, sends: Sequence[Row[Any]]) -> list[Due]:
    if not sends:
        return []
    send_ids = [send.id for send in sends]
    horizon = settings.get().horizon_seconds
    parameters = {**_deliveries(sends), "send_ids": send_ids, "first_send": min(send_ids), "horizon_seconds": horizon}
    rows = connection.execute(statements.unpark, parameters).all()
    now = time.monotonic()
    if rows:
        clock.note(rows[0].now)
    return [Due(id=row.id, queue=row.queue, at=now + float(row.seconds)) for row in rows if row.seconds <= horizon]


def _close(connection: Connection, campaign_id: UUID) -> int:
    """Cancel what waits of a cancelled campaign, take the next step of its sends, and count the calls under way."""
    sends = _open(connection, campaign_id)
    claimed = _cancel(connection, sends) if sends else 0
    connection.execute(statements.end, {"campaign_id": campaign_id})
    return claimed


def _cancel(connection: Connection, sends: Sequence[Row[Any]]) -> int:
    theirs = _deliveries(sends)
    connection.execute(schedule.cancel_deliveries, theirs)
    rows = connection.execute(settlement.select_members, theirs).all()
    _settle(connection, sends, rows)
    return sum(row.state == DeliveryState.CLAIMED for row in rows)


def _settle(connection: Connection, sends: Sequence[Row[Any]], rows: Sequence[Row[Any]]) -> None:
    """End the sends of which nothing is left, as the cascade says."""
    by_send = defaultdict(list)
    for row in rows:
        by_send[row.send_id].append(members.read(row, row.tier))
    steps = {send.id: cascade.next_step(by_send[send.id]) for send in sends}
    ended = [
        {"id": str(send.id), "state": step.state, "tier": None, "former": send.state}
        for send in sends
        if isinstance(step := steps[send.id], cascade.Finish)
    ]
    if ended:
        parameters = {"rows": json.dumps(ended), **among([send.id for send in sends])}
        connection.execute(settlement.advance_sends, parameters)


def _drain(engine: Engine, campaign_id: UUID, again: Callable[[Connection, UUID], int], claimed: int, seconds: float) -> Halted:
    """Wait for the calls under way. What a call leaves in the queue meanwhile is taken out of it, too.

    A claim that is given back locks no send, so that it may queue what was claimed when the campaign was halted: as long as there
    is a claim, there is another look after it.
    """
    deadline = time.monotonic() + seconds
    while claimed and time.monotonic() < deadline:
        time.sleep(_LOOK)
        with engine.begin() as connection:
            campaign = records.lock(connection, None, campaign_id)
            if campaign.state not in HALTED:
                break
            claimed = again(connection, campaign_id)
    return Halted(in_flight=claimed)
