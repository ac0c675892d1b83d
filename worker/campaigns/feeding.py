"""Feeding campaigns: their next recipients become sends, as many as there is room for.

One process at a time feeds, in rounds. A round is one transaction, which makes sends of recipients and says so of them, so that a
crash makes each a send once; what it has made is published after it, and found by recovery where that is lost. See
:mod:`shared.db.statements.campaigns`.
"""

import itertools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row

from shared import ids, metrics, queues, settings
from shared.db import engine
from shared.db.statements import campaigns as statements
from shared.domain import feeding, quiet_hours
from shared.domain.feeding import Allowance, Hungry
from shared.management.campaigns import control, occurrences
from worker import failing
from worker.runtime.shutdown import Stopping

_log: Final = structlog.get_logger("campaigns")

_SECONDS: Final = 10.0
"""Seconds that one run goes on while there are recipients; the next begins where it ends."""
_REST: Final = 0.15
"""Seconds between two rounds of which the first found little room: so many sends end meanwhile that tasks are full."""
_BATCH: Final = 500
"""Recipients of one campaign in one round; also how many in one round are worth another at once."""
_ROUND: Final = 1000
"""Recipients in one round: whoever has a campaign to pause waits for no more."""
_STEPS: Final = 100
"""Steps towards campaigns whose time has come between two rounds."""
_LOST_SECONDS: Final = 60.0
"""Seconds after which an import whose task has not begun is published again."""

_one_run: Final = threading.Lock()
_turns: Final = itertools.count()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fed:
    """What came of a round."""

    passed: int = 0
    """Recipients that became sends, or were deferred."""
    opened: Sequence[UUID] = ()
    """The deliveries to publish."""
    hungry: bool = False
    """Whether there may be recipients left whose turn has come."""


def feed(stopping: Stopping) -> None:
    """Do what there is to do for campaigns. Returns at once while this process does so already."""
    if _one_run.acquire(blocking=False):
        try:
            _run(stopping)
        finally:
            _one_run.release()


def _run(stopping: Stopping) -> None:
    end = time.monotonic() + _SECONDS
    fed = _look(closes=True)
    while fed.hungry and not stopping and time.monotonic() < end:
        if fed.passed < _BATCH:
            time.sleep(_REST)
        fed = _look(closes=False)


def _look(*, closes: bool) -> _Fed:
    """Take one step of everything that campaigns wait for. What was cancelled may wait for a person, for days."""
    with engine.autocommit() as connection:
        found = connection.execute(statements.look, {"lost_seconds": _LOST_SECONDS}).one()
    if found.due:
        _take_step("due", _make_due)
    if found.lost:
        _take_step("lost", _publish_imports)
    if found.closing and closes:
        _take_step("closing", _close)
    return _feed() if found.running or found.due else _Fed()


def _take_step(name: str, step: Callable[[], None]) -> None:
    """Take a step. One that fails, at each run perhaps, must not keep what runs from being fed."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and tried again in the next run.
        failing.tell("campaigns.failed", {"step": name}, error)


def _make_due() -> None:
    for _ in range(_STEPS):
        with engine.get().begin() as connection:
            done = occurrences.make_due(connection)
        if not done:
            return


def _publish_imports() -> None:
    with engine.get().begin() as connection:
        lost = connection.execute(statements.take_lost_imports, {"lost_seconds": _LOST_SECONDS}).scalars().all()
    try:
        queues.publish_import(lost)
    except queues.BROKER_TROUBLE:
        _log.warning("campaigns.broker_away", imports=len(lost))


def _close() -> None:
    """Cancel what calls that were under way have left of campaigns that were cancelled."""
    with engine.autocommit() as connection:
        closing = connection.execute(statements.select_closing).scalars().all()
    for campaign_id in closing:
        with engine.get().begin() as connection:
            control.close(connection, campaign_id)


def _feed() -> _Fed:
    """Feed what runs, once, then publish what came of it; what the broker refuses is left to recovery."""
    with engine.get().begin() as connection:
        fed = _take_turn(connection) if connection.execute(statements.take_turn).one().taken else _Fed()
    if fed.opened:
        metrics.SENDS_ACCEPTED.labels("campaign").inc(len({ids.send_of(each) for each in fed.opened}))
        _publish(fed.opened)
    return fed


def _publish(opened: Sequence[UUID]) -> None:
    try:
        queues.publish_deliveries(opened, queues.Queue.BULK.value)
    except queues.BROKER_TROUBLE:
        _log.warning("campaigns.broker_away", deliveries=len(opened))


def _take_turn(connection: Connection) -> _Fed:
    running = connection.execute(statements.select_running).all()
    ended = [row.id for row in running if not (row.hungry or row.deferred or row.in_flight > 0)]
    for campaign_id in connection.execute(statements.complete, {"ids": ended}).scalars() if ended else ():
        _log.info("campaigns.completed", campaign=ids.encode(ids.CAMPAIGN, campaign_id))
    fed = list(_feed_each(connection, [row for row in running if row.hungry], _under_way(running)))
    return _Fed(
        passed=sum(each.passed for each in fed),
        opened=[identifier for each in fed for identifier in each.opened],
        hungry=any(row.hungry for row in running) and all(each.hungry for each in fed),
    )


def _under_way(running: Sequence[Row[Any]]) -> Mapping[UUID, int]:
    """Add up the sends of each account that wait for a worker or are called."""
    theirs: dict[UUID, int] = defaultdict(int)
    for row in running:
        theirs[row.account_id] += row.under_way
    return theirs


def _feed_each(connection: Connection, hungry: Sequence[Row[Any]], under_way: Mapping[UUID, int]) -> Iterator[_Fed]:
    allowances = {row.id: _allowance(row) for row in hungry}
    asking = [Hungry(id=row.id, account_id=row.account_id, room=_room(row, allowances[row.id])) for row in hungry]
    left = feeding.room(settings.get().feed_most, under_way)
    for campaign_id, number in feeding.share(left, _ROUND, asking, next(_turns)).items():
        yield _feed_one(connection, campaign_id, number, allowances[campaign_id])


def _allowance(row: Row[Any]) -> Allowance:
    """Say what a campaign's rate allows: its first send at once."""
    if row.rate_per_second is None:
        return Allowance(number=_BATCH, credit=0.0)
    credit, elapsed = (1.0, 0.0) if row.elapsed is None else (row.credit, row.elapsed)
    return feeding.allow(row.rate_per_second, credit, elapsed, settings.get().feed_interval)


def _room(row: Row[Any], allowance: Allowance) -> int:
    left: int = settings.get().campaign_in_flight - row.under_way
    return max(0, min(_BATCH, allowance.number, left))


def _feed_one(connection: Connection, campaign_id: UUID, number: int, allowance: Allowance) -> _Fed:
    """Feed one campaign. A bug of ours in one does not keep the others from being fed, but ends the run."""
    try:
        with connection.begin_nested():
            return _make_sends(connection, campaign_id, number, allowance.credit)
    except Exception as error:  # noqa: BLE001 - likewise.
        failing.tell("campaigns.not_fed", {"campaign": ids.encode(ids.CAMPAIGN, campaign_id)}, error)
        return _Fed()


def _make_sends(connection: Connection, campaign_id: UUID, number: int, credit: float) -> _Fed:
    campaign = connection.execute(statements.lock_running, {"campaign_id": campaign_id}).one_or_none()
    if campaign is None:
        return _Fed(hungry=True)
    turn = {"campaign_id": campaign_id, "position": campaign.position, "time_zone": campaign.time_zone, "most": number}
    send_ids = [ids.new_send() for _ in range(number)]
    made = {
        "send_ids": send_ids,
        "delivery_ids": [each for send_id in send_ids for each in ids.deliveries_of(send_id, campaign.channels)],
        "quiet": json.dumps(_quiet(connection, campaign, turn)),
        "credit": credit,
    }
    fed = connection.execute(statements.feed, {**turn, **made}).one()
    if fed.passed:
        _log.info("campaigns.fed", campaign=ids.encode(ids.CAMPAIGN, campaign_id), recipients=fed.passed, position=fed.position)
    return _Fed(passed=fed.passed, opened=fed.opened, hungry=True)


def _quiet(connection: Connection, campaign: Row[Any], turn: dict[str, Any]) -> dict[str, str]:
    """Give until when it is quiet, by the time zones of the next recipients; a zone in which it is not is left out."""
    if campaign.quiet_from is None:
        return {}
    zones = connection.execute(statements.select_zones, turn).scalars()
    ends = {zone: quiet_hours.ends_at(campaign.now, zone, campaign.quiet_from, campaign.quiet_until) for zone in zones}
    return {zone: end.isoformat() for zone, end in ends.items() if end is not None}
