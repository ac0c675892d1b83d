"""What ends is counted where it ends, and adding up changes no count: neither while others count nor while others add up."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, literal, select, text, update

from shared import ids
from shared.db.tables import deliveries, delivery_changes, quarantine, sends
from shared.domain.channels import Channel
from shared.domain.outcome import Code, Unknown
from shared.domain.receipts import Receipt
from shared.management import quarantine as quarantined
from shared.management import schedule, statistics
from shared.management.statistics import Period
from tests.integration import reconciling
from tests.integration.worker.conftest import Desk, result
from tests.integration.worker.reports import REFUSAL, SENT, call, change, fail, notice, record
from worker import recovery
from worker.deliver import claim as claims
from worker.deliver import counting

_LOST = Unknown(code=Code.CONNECTION_LOST, reason="hung up", safe_to_repeat=False)
_BY_COUNTS = text("""
    SELECT state, sum(number) FROM (SELECT campaign_id, state, number FROM send_counts
                                     UNION ALL SELECT campaign_id, state, number FROM send_changes) AS counted
     WHERE campaign_id = :campaign_id GROUP BY state HAVING sum(number) <> 0
""")
_BY_LOOKING = text("""
    SELECT state, count(*) FROM sends WHERE campaign_id = :campaign_id AND state NOT IN ('scheduled', 'running') GROUP BY state
""")


@pytest.fixture(autouse=True)
def _nothing_in_quarantine(desk: Desk) -> Iterator[None]:
    yield
    with desk.database.begin() as connection:
        connection.execute(delete(quarantine).where(quarantine.c.account_id == desk.account_id))


def _today() -> Period:
    now = datetime.now(UTC)
    return statistics.period(now - timedelta(days=1), now + timedelta(hours=1), now)


def _counted(desk: Desk) -> reconciling.Counted:
    """Give an account's counts, which must be what a look through its deliveries finds."""
    counted, looked_through = reconciling.both(desk.database, desk.account_id, _today())
    assert counted == looked_through
    return counted


def _endings(desk: Desk) -> dict[tuple[str, str | None], int]:
    return dict(reconciling.endings(_counted(desk)))


def _changes(desk: Desk) -> int:
    mine = select(func.count()).select_from(delivery_changes).where(delivery_changes.c.account_id == desk.account_id)
    with desk.database.connect() as connection:
        return connection.execute(mine).scalar_one()


def _fold(desk: Desk) -> None:
    desk.runtime.run(counting.fold(desk.process.engine))


def _send(desk: Desk, *more: tuple[Channel, int]) -> list[UUID]:
    return desk.send(*((channel, tier, desk.key(channel)) for channel, tier in ((Channel.WABA, 0), *more)))


def _deliver(desk: Desk, delivery_id: UUID) -> None:
    desk.runtime.run(record(desk, notice(desk, delivery_id, None, Receipt.DELIVERED)))


def test_adding_up_changes_nothing(desk: Desk) -> None:
    call(desk, _send(desk)[0])
    call(desk, _send(desk)[0], REFUSAL)
    before = _counted(desk)
    assert (sorted(before.values()), _changes(desk)) == ([1, 1], 2)
    for _ in range(2):
        _fold(desk)
        assert (_counted(desk), _changes(desk)) == (before, 0)
    call(desk, _send(desk)[0])
    assert _counted(desk).total() == 3


def test_recovery_adds_up(desk: Desk) -> None:
    call(desk, _send(desk)[0])
    desk.runtime.run(recovery.recover(desk.process))
    assert (_changes(desk), _endings(desk)) == (0, {("sent", None): 1})


def test_many_count_and_add_up_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_ROWS", 3)
    key = desk.key(Channel.WABA)
    claimed = desk.claim([desk.send((Channel.WABA, 0, key))[0] for _ in range(40)])

    async def at_once() -> None:
        writing = [desk.process.writer.write(result(each, SENT)) for each in claimed]
        await asyncio.gather(*writing, *(counting.fold(desk.process.engine) for _ in range(6)))

    desk.runtime.run(at_once())
    assert _endings(desk) == {("sent", None): 40}
    _fold(desk)
    assert (_endings(desk), _changes(desk)) == ({("sent", None): 40}, 0)


@pytest.mark.parametrize("folds", [False, True])
def test_what_becomes_known_late_is_taken_out_of_the_hour_it_was_counted_in(desk: Desk, folds: bool) -> None:  # noqa: FBT001
    made = _send(desk)
    call(desk, made[0], _LOST)
    earlier = timedelta(hours=3)
    mine = delivery_changes.c.account_id == desk.account_id
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == made[0]).values(ended_at=deliveries.c.ended_at - earlier))
        connection.execute(update(delivery_changes).where(mine).values(hour=delivery_changes.c.hour - earlier))
    assert _endings(desk) == {("unknown", "connection_lost"): 1}
    if folds:
        _fold(desk)
    _deliver(desk, made[0])
    assert _endings(desk) == {("sent", None): 1}


def test_what_a_fallback_did_not_need_is_not_counted(desk: Desk, published: list[UUID]) -> None:
    made = _send(desk, (Channel.EMAIL, 1))
    call(desk, made[0])
    assert (desk.state(made[1]), _endings(desk)) == ("skipped", {("sent", None): 1})
    fail(desk, made[0])
    assert _endings(desk) == {("failed", "recipient_unreachable"): 1}
    call(desk, made[1])
    assert (published, _endings(desk)) == (made[1:], {("failed", "recipient_unreachable"): 1, ("sent", None): 1})


def test_what_this_version_cannot_read_is_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "OnUnknown", StrEnum("Older", {"RETRY": "retry"}))
    assert desk.claim(_send(desk)) == []
    assert _endings(desk) == {("failed", "internal_error"): 1}


def _of_campaign(desk: Desk, campaign_id: UUID) -> dict[str, int]:
    """Give how many of a campaign's sends have ended in which state, which a look through them must find too."""
    with desk.database.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        named = {"campaign_id": campaign_id}
        counted, found = ({row[0]: int(row[1]) for row in connection.execute(each, named)} for each in (_BY_COUNTS, _BY_LOOKING))
    assert counted == found
    return counted


def test_a_campaign_s_sends_are_counted_as_what_they_are(desk: Desk, published: list[UUID]) -> None:
    campaign_id = ids.new()

    def made(*more: tuple[Channel, int]) -> list[UUID]:
        send = _send(desk, *more)
        change(desk, sends, ids.send_of(send[0]), campaign_id=campaign_id)
        return send

    lost, late, waits = made(), made((Channel.EMAIL, 1)), made()
    assert _of_campaign(desk, campaign_id) == {}
    call(desk, lost[0], _LOST)
    call(desk, late[0])
    assert _of_campaign(desk, campaign_id) == {"unknown": 1, "sent": 1}
    _deliver(desk, lost[0])
    fail(desk, late[0])
    assert (_of_campaign(desk, campaign_id), published) == ({"sent": 1}, late[1:])
    _fold(desk)
    call(desk, late[1], REFUSAL)
    assert _of_campaign(desk, campaign_id) == {"sent": 1, "failed": 1}
    change(desk, sends, ids.send_of(waits[0]), state="scheduled")
    with desk.database.begin() as connection:
        schedule.cancel(connection, schedule.lock(connection, ids.send_of(waits[0])), "test")
    assert _of_campaign(desk, campaign_id) == {"sent": 1, "failed": 1, "cancelled": 1}
    _replay(desk, late[1])
    assert _of_campaign(desk, campaign_id) == {"sent": 1, "cancelled": 1}
    _fold(desk)
    call(desk, late[1])
    assert _of_campaign(desk, campaign_id) == {"sent": 2, "cancelled": 1}


def _replay(desk: Desk, delivery_id: UUID) -> None:
    """Send a delivery again that was in quarantine."""
    entry = {"delivery_id": delivery_id, "send_id": ids.send_of(delivery_id), "account_id": desk.account_id}
    with desk.database.begin() as connection:
        connection.execute(insert(quarantine).values(**entry, step="prepare", error="KeyError", trace=literal("")))
        quarantined.replay(connection, delivery_id, "test")
