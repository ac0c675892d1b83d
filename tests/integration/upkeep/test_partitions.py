"""Weeks are made ahead, and made good where the default partitions had to help out, while sends come and go."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from structlog.testing import capture_logs

from shared import settings
from shared.db import partitions
from shared.db.partitions import Week
from shared.db.tables.sends import PARTITIONED
from tests.acceptance.backend import await_true
from tests.integration.sends import rows
from tests.integration.upkeep.conftest import House, before_each_statement, names_of
from worker import upkeep

_INDEXES = text("SELECT indexdef FROM pg_indexes WHERE tablename = :name")
_CONSTRAINTS = text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(:name)")
_COLUMNS = text("SELECT column_name, column_default, is_nullable FROM information_schema.columns WHERE table_name = :name")


def _described(database: Engine, name: str) -> set[str]:
    """Describe a table but for its name: its indexes, its constraints and its columns."""
    with database.connect() as connection:
        lines = [str(tuple(row)) for said in (_INDEXES, _CONSTRAINTS, _COLUMNS) for row in connection.execute(said, {"name": name})]
    return {re.sub(r"\d{4}w\d{2}|default", "WEEK", line) for line in lines}


@pytest.fixture
def stray(house: House) -> Iterator[tuple[Week, UUID]]:
    """A week without partitions, of which the default ones hold a send."""
    week = house.weeks_from_now(3)
    house.take_away(week)
    send_id = house.store(week)
    assert house.places(week) == {f"{table.name}_default" for table in PARTITIONED}
    yield week, send_id
    house.take_away(week)
    upkeep.tend_partitions()


def test_every_week_ahead_is_there(house: House) -> None:
    upkeep.tend_partitions()
    for number in range(settings.get().partition_weeks_ahead + 1):
        week = house.weeks_from_now(number)
        assert house.partitions(week) == names_of(week)


def test_what_the_default_partitions_took_moves_to_its_week_as_it_was(house: House, stray: tuple[Week, UUID]) -> None:
    week, _ = stray
    neighbour = week.later(1)
    house.store(neighbour)
    before, beside = house.found(week), house.found(neighbour)
    upkeep.tend_partitions()
    assert house.found(week) == before
    assert all(len(rows) == 1 for rows in before.values())
    assert house.places(week) == names_of(week)
    assert house.found(neighbour) == beside


def test_what_comes_afterwards_finds_its_week(house: House, stray: tuple[Week, UUID]) -> None:
    week, _ = stray
    upkeep.tend_partitions()
    house.store(week)
    assert house.places(week) == names_of(week)
    assert {len(rows) for rows in house.found(week).values()} == {2}


@pytest.mark.usefixtures("stray")
def test_a_week_made_good_is_like_any_other(house: House, stray: tuple[Week, UUID]) -> None:
    week, _ = stray
    upkeep.tend_partitions()
    for table in PARTITIONED:
        made = _described(house.database, week.of_table(table))
        assert made == _described(house.database, f"{table.name}_default")
        assert made


def test_a_past_week_leaves_the_default_partitions_too(house: House) -> None:
    week = house.weeks_from_now(-3)
    house.take_away(week)
    house.store(week)
    upkeep.tend_partitions()
    assert house.places(week) == names_of(week)


def test_one_missing_partition_is_made_beside_the_others(house: House) -> None:
    week = house.weeks_from_now(4)
    with house.database.begin() as connection:
        connection.execute(text(f"DROP TABLE attempts_{week}"))
    house.store(week)
    upkeep.tend_partitions()
    assert house.places(week) == names_of(week)


def test_two_upkeeps_at_once_do_it_once(house: House, stray: tuple[Week, UUID]) -> None:
    week, _ = stray
    before = house.found(week)
    together = threading.Barrier(2)

    def tend() -> None:
        together.wait()
        upkeep.tend_partitions()

    with capture_logs() as logs, ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(tend) for _ in range(2)]:
            done.result()
    assert {entry["event"] for entry in logs} == {"upkeep.made"}
    assert house.found(week) == before
    assert house.places(week) == names_of(week)


def test_sends_come_and_go_while_their_week_is_made(house: House, stray: tuple[Week, UUID]) -> None:
    """Nothing is refused on its way into the default partition, and no update misses the row that moves under it."""
    week, first = stray
    stored = [first]
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            stored.append(house.store(week, "running", "queued"))
            with house.database.begin() as connection:
                changed = connection.execute(text("UPDATE sends SET tier = tier + 1 WHERE id = :id"), {"id": stored[-1]})
                assert changed.rowcount == 1
                changed = connection.execute(text("UPDATE sends SET tier = tier + 1 WHERE id = :id"), {"id": first})
                assert changed.rowcount == 1

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work) for _ in range(4)]
        try:
            await_true(lambda: len(stored) > 20)
            await_true(lambda: _made(house, week))
            so_far = len(stored)
            await_true(lambda: len(stored) > so_far + 20 or any(each.done() for each in working))
        finally:
            stop.set()
    for each in working:
        each.result()
    assert {row[0] for row in house.found(week)["sends"]} == set(stored)
    assert house.places(week) == names_of(week)


def _made(house: House, week: Week) -> bool:
    """Try to make a week, as one night after the other does, and say whether it is there."""
    upkeep.tend_partitions()
    return house.partitions(week) == names_of(week)


@pytest.mark.parametrize("step", ["LOCK TABLE", "WITH moved AS (DELETE FROM deliveries", "ALTER TABLE events"])
def test_a_death_in_between_leaves_all_as_it_was(house: House, stray: tuple[Week, UUID], step: str) -> None:
    week, _ = stray
    before = house.found(week)

    def kill(connection: Connection, statement: str) -> None:
        if statement.startswith(step):
            identifier = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            with house.database.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({identifier})")

    with capture_logs() as logs, before_each_statement(house.database, kill):
        upkeep.tend_partitions()
    assert [entry["event"] for entry in logs] == ["upkeep.put_off"]
    assert house.partitions(week) == set()
    assert house.found(week) == before
    upkeep.tend_partitions()
    assert house.found(week) == before
    assert house.places(week) == names_of(week)


def test_who_reads_for_long_is_not_waited_for_and_nobody_behind_him(house: House, stray: tuple[Week, UUID]) -> None:
    week, _ = stray
    with house.database.connect() as reader, capture_logs() as logs:
        reader.execute(text("LOCK TABLE attempts IN ACCESS SHARE MODE"))
        with ThreadPoolExecutor(1) as pool:
            tending = pool.submit(upkeep.tend_partitions)
            await_true(lambda: _waits_for_a_table(house.database))
            house.store(week)
            tending.result()
    assert [(entry["event"], entry["error"]) for entry in logs] == [("upkeep.put_off", "LockNotAvailable")]
    assert house.partitions(week) == set()
    upkeep.tend_partitions()
    assert house.places(week) == names_of(week)
    assert {len(rows) for rows in house.found(week).values()} == {2}


def _waits_for_a_table(database: Engine) -> bool:
    waiting = """
        SELECT count(*) > 0 FROM pg_locks JOIN pg_database ON pg_database.oid = database
         WHERE datname = current_database() AND locktype = 'relation' AND NOT granted
    """
    with database.connect() as connection:
        return bool(connection.execute(text(waiting)).scalar_one())


def test_a_night_with_nothing_to_do_asks_little_and_locks_nothing(house: House) -> None:
    upkeep.tend_partitions()
    said: list[str] = []
    with before_each_statement(house.database, lambda _, statement: said.append(statement)):
        upkeep.tend_partitions()
        upkeep.expire()
    assert 0 < len(said) <= 13
    assert [statement for statement in said if statement.startswith(("LOCK", "CREATE", "ALTER", "DROP"))] == []


def test_an_id_from_before_all_weeks_stays_where_it_is(house: House) -> None:
    before = rows.store(house.database, house.account_id, rows.Stored(plan=rows.plan(("email", 0, None)), send_id=UUID(int=16)))
    upkeep.tend_partitions()
    with house.database.connect() as connection:
        assert partitions.lacking(connection, 0) == []
        found = connection.execute(text("SELECT CAST(tableoid AS regclass) FROM sends WHERE id = :id"), {"id": before})
        assert str(found.scalar_one()) == "sends_default"
