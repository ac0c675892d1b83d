"""Weeks that are kept no longer go as a whole, and never with a send that has not ended."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert, select, text, update
from structlog.testing import capture_logs

from shared import ids
from shared.db import retention
from shared.db.partitions import Week
from shared.db.tables import deliveries, sends
from shared.db.tables.quarantine import quarantine
from tests.integration.upkeep.conftest import House, before_each_statement, names_of
from worker import upkeep


def _quarantine(house: House, send_id: UUID) -> None:
    row = {"delivery_id": ids.delivery_of(send_id, 1), "send_id": send_id, "account_id": house.account_id}
    with house.database.begin() as connection:
        connection.execute(insert(quarantine).values(**row, step="call", error="KeyError", trace=""))


def _quarantined(house: House) -> set[UUID]:
    with house.database.connect() as connection:
        return set(connection.execute(select(quarantine.c.send_id)).scalars())


def test_an_old_week_is_dropped_with_all_that_belongs_to_it(house: House) -> None:
    old, kept = house.weeks_from_now(-30), house.weeks_from_now(-5)
    for week in (old, kept):
        house.make(week)
    gone, stays = house.store(old), house.store(kept)
    _quarantine(house, gone)
    _quarantine(house, stays)
    upkeep.tend_partitions()
    assert house.partitions(old) == set()
    assert house.found(old) == {"sends": [], "deliveries": [], "attempts": [], "events": []}
    assert house.partitions(kept) == names_of(kept)
    assert [row[0] for row in house.found(kept)["sends"]] == [stays]
    assert _quarantined(house) & {gone, stays} == {stays}


def test_what_is_old_in_the_default_partitions_goes_too(house: House) -> None:
    old = house.weeks_from_now(-31)
    house.store(old)
    upkeep.tend_partitions()
    assert house.found(old)["sends"] == []


@pytest.mark.parametrize(("days", "dropped"), [(27, True), (28 + 7, False)])
def test_the_days_count_from_the_end_of_the_week(house: House, days: int, *, dropped: bool) -> None:
    week = house.weeks_from_now(-5)
    house.make(week)
    with house.database.connect() as connection:
        assert (week in retention.ended(connection, days)) is dropped


def _in_a_month() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


@pytest.mark.parametrize(
    ("send", "delivery", "changes"),
    [
        ("running", "waiting", {}),
        ("scheduled", "waiting", {"schedule_at": _in_a_month()}),
        ("scheduled", "queued", {"schedule_at": _in_a_month(), "promoted_at": datetime.now(UTC)}),
        ("scheduled", "claimed", {"schedule_at": _in_a_month(), "promoted_at": datetime.now(UTC)}),
    ],
)
def test_a_week_stays_whole_until_its_last_send_has_ended(house: House, send: str, delivery: str, changes: dict[str, Any]) -> None:
    week = house.weeks_from_now(-40)
    house.make(week)
    house.store(week)
    late = house.store(week, send, delivery, **changes)
    before = house.found(week)
    said: list[str] = []
    with capture_logs() as logs, before_each_statement(house.database, lambda _, statement: said.append(statement)):
        upkeep.tend_partitions()
    assert [(entry["event"], entry["week"]) for entry in logs] == [("upkeep.kept_with_unfinished_sends", str(week))]
    assert not any(statement.startswith("LOCK") for statement in said)
    assert house.found(week) == before
    _end(house, late)
    upkeep.tend_partitions()
    assert house.partitions(week) == set()


def _end(house: House, send_id: UUID) -> None:
    with house.database.begin() as connection:
        connection.execute(update(sends).where(sends.c.id == send_id).values(state="sent"))
        connection.execute(update(deliveries).where(deliveries.c.send_id == send_id).values(state="sent"))


def test_a_send_tried_again_at_the_last_moment_is_kept(house: House) -> None:
    """Between the first look and the locks, which no longer let anybody in."""
    week = house.weeks_from_now(-41)
    house.make(week)
    send_id = house.store(week)

    def try_again(_connection: Connection, statement: str) -> None:
        if statement.startswith("LOCK"):
            with house.database.begin() as other:
                other.execute(update(sends).where(sends.c.id == send_id).values(state="running"))

    with before_each_statement(house.database, try_again):
        upkeep.tend_partitions()
    assert house.partitions(week) == names_of(week)
    _end(house, send_id)
    upkeep.tend_partitions()


@pytest.mark.parametrize("table", ["sends", "events", "sends_default"])
def test_what_cannot_be_locked_is_left_to_the_next_night(house: House, table: str) -> None:
    week = house.weeks_from_now(-42)
    house.make(week)
    with house.database.connect() as reader, capture_logs() as logs:
        reader.execute(text(f"LOCK TABLE {table} IN ACCESS SHARE MODE"))
        upkeep.tend_partitions()
        assert house.partitions(week) == names_of(week)
    assert [(entry["event"], entry["error"]) for entry in logs] == [("upkeep.put_off", "LockNotAvailable")]
    upkeep.tend_partitions()
    assert house.partitions(week) == set()


def test_one_week_that_fails_holds_up_no_other(house: House) -> None:
    """Its partition is not to be dropped before something else is: what an operator has built on it."""
    stuck, free = house.weeks_from_now(-44), house.weeks_from_now(-43)
    for week in (stuck, free):
        house.make(week)
    with house.database.begin() as connection:
        connection.execute(text(f"CREATE VIEW report AS TABLE sends_{stuck}"))
    with capture_logs() as logs:
        upkeep.tend_partitions()
    assert {(entry["event"], entry["week"]) for entry in logs} == {("upkeep.put_off", str(stuck)), ("upkeep.retired", str(free))}
    assert house.partitions(stuck) == names_of(stuck)
    with house.database.begin() as connection:
        connection.execute(text("DROP VIEW report"))
    upkeep.tend_partitions()
    assert house.partitions(stuck) == set()


_CROWD = """
    INSERT INTO {table} ({columns})
    SELECT CAST(lpad(to_hex(CAST(extract(epoch FROM CAST(:start AS timestamptz)) * 1000 AS bigint) + number), 12, '0')
             || '70008000' || lpad(to_hex(number * 16), 12, '0') AS uuid), {values}
      FROM generate_series(1, 50000) AS number
"""
_OF_SENDS = ("id, account_id, dialect, state, channels", "CAST(:account_id AS uuid), 'kirisan', :state, '{email}'")
_OF_DELIVERIES = (
    "id, send_id, account_id, channel, tier, fallback, key_id, state",
    "CAST(:account_id AS uuid), CAST(:account_id AS uuid), 'email', 0, false, CAST(:account_id AS uuid), :state",
)


_BUSY = {"sends": "running", "deliveries": "queued"}
_ROWS_READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@pytest.mark.parametrize("statistics", ["none", "of now", "of a busier time"])
def test_sends_that_have_not_ended_are_found_without_reading_those_that_have(house: House, statistics: str) -> None:
    week = house.weeks_from_now(-45)
    house.make(week)
    with house.database.connect() as connection:
        for table, (columns, values) in {"sends": _OF_SENDS, "deliveries": _OF_DELIVERIES}.items():
            statement = _CROWD.format(table=table, columns=columns, values=values)
            state = _BUSY[table] if statistics == "of a busier time" else "sent"
            connection.execute(text(statement), {"start": week.start, "account_id": house.account_id, "state": state})
        if statistics != "none":
            connection.execute(text("ANALYZE sends, deliveries"))
        for filled in (sends, deliveries):
            connection.execute(update(filled).where(filled.c.account_id == house.account_id).values(state="sent"))
        nodes = _explained(connection, week)
        connection.rollback()
    house.take_away(week)
    scans = [node for node in nodes if "Relation Name" in node]
    assert {node["Relation Name"] for node in scans} == {f"sends_{week}", f"deliveries_{week}"}
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
    assert sum(node[rows] for node in scans for rows in _ROWS_READ if rows in node) == 0


def _explained(connection: Connection, week: Week) -> list[dict[str, Any]]:
    """Give the nodes of the plan of the question whether a week holds sends that have not ended."""
    executed: list[str] = []
    with before_each_statement(connection.engine, lambda _, statement: executed.append(statement)):
        assert not retention._unfinished(connection, week)
    document = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {executed[-1]}").scalar_one()
    return list(_nodes(document[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)
