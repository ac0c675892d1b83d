"""Tables filled for measurements hold what antar itself would have left in them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, func, select, text

from shared import ids
from shared.db import clock, migrate
from shared.db.partitions import Week
from shared.db.tables import attempts, deliveries, sends
from shared.db.tables.sends import PARTITIONED
from shared.domain.states import DeliveryState, SendState
from shared.management import sends as management
from tests.bench.growth.fill import WEEKS, fill

_ONCE, _SCHEDULED = 400, 80
_INDEXES = text("SELECT count(*) FROM pg_indexes WHERE tablename = :name")


@pytest.fixture(scope="module")
def filled(empty_database: Engine) -> Iterator[Connection]:
    migrate.upgrade(empty_database)
    url = empty_database.url.render_as_string(hide_password=False)
    fill(url, sends=_ONCE)
    fill(url, sends=_ONCE, scheduled=_SCHEDULED)
    with empty_database.connect() as connection:
        yield connection


def test_each_filling_adds_to_the_others(filled: Connection) -> None:
    found = filled.execute(select(sends.c.state, func.count()).group_by(sends.c.state))
    states = {SendState(state): count for state, count in found}
    assert states.pop(SendState.SCHEDULED) == _SCHEDULED
    assert set(states) == {SendState.SENT, SendState.FAILED}
    assert sum(states.values()) == 2 * _ONCE


def test_every_week_holds_its_share_and_has_its_indexes(filled: Connection) -> None:
    current = Week.of(clock.read(filled))
    for table in PARTITIONED:
        wanted = filled.scalar(_INDEXES, {"name": f"{table.name}_default"})
        for week in (current.later(-number) for number in range(WEEKS)):
            assert filled.scalar(_INDEXES, {"name": week.of_table(table)}) == wanted
    shares = filled.scalars(select(func.count()).select_from(sends).group_by(text("tableoid"))).all()
    assert shares == [(2 * _ONCE + _SCHEDULED) // WEEKS] * WEEKS


def test_its_sends_are_told_of_as_any_other(filled: Connection) -> None:
    ended = select(sends.c.id).where(sends.c.state == SendState.SENT, func.cardinality(sends.c.channels) == 3, sends.c.tier == 2)
    history = management.load_history(filled, filled.scalars(ended.limit(1)).one())
    assert history is not None
    states = [delivery.state for delivery in history.send.deliveries]
    assert states == [DeliveryState.FAILED, DeliveryState.FAILED, DeliveryState.SENT]
    assert set(history.attempts) == {delivery.id for delivery in history.send.deliveries}


def test_what_is_scheduled_waits_as_the_intake_leaves_it(filled: Connection) -> None:
    waiting = select(sends.c.id, sends.c.schedule_at > func.now(), sends.c.ended_at).where(sends.c.state == SendState.SCHEDULED)
    send_id, is_ahead, ended_at = filled.execute(waiting.limit(1)).one()
    assert is_ahead
    assert ended_at is None
    first = filled.execute(select(deliveries).where(deliveries.c.id == ids.delivery_of(send_id, 1))).one()
    assert (first.state, first.queued_at, first.attempts) == (DeliveryState.WAITING, None, 0)
    assert filled.scalar(select(func.count()).where(attempts.c.delivery_id == first.id)) == 0
