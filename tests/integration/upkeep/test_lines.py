"""The hot path names a week's partitions themselves, and comes to no other week's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text
from structlog.testing import capture_logs

from shared.db.hot import Line
from shared.db.lines import Lines
from shared.db.statements import among, settlement
from tests.integration import own_lines
from tests.integration.upkeep.conftest import House, names_of
from worker import upkeep

_LOCKED = text("""
    SELECT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation
     WHERE pid = pg_backend_pid() AND relkind IN ('r', 'p') AND relname LIKE 'sends%'
""")

_Answer = TypeVar("_Answer")


def _with_lines(scenario: Callable[[Lines], Awaitable[_Answer]]) -> _Answer:
    async def run() -> _Answer:
        async with own_lines.opened() as lines:
            return await scenario(lines)

    return asyncio.run(run())


async def _locked(line: Line, *send_ids: UUID) -> tuple[set[Any], set[str]]:
    """Lock sends; give those that were found, and the tables that were come to."""
    found, tables = await line.ask((settlement.lock_sends, among(send_ids)), (_LOCKED, {}))
    return set(found.scalars()), set(tables.scalars())


def test_of_one_week_only_its_partition_is_come_to_and_of_several_all(house: House) -> None:
    this, next_one, before = house.weeks_from_now(0), house.weeks_from_now(1), house.weeks_from_now(-70)
    ours, others = (house.store(this), house.store(this)), (house.store(next_one), house.store(before))

    async def scenario(lines: Lines) -> None:
        async with lines.line() as line:
            assert await _locked(line, *ours) == (set(ours), {f"sends_{this}"})
        async with lines.line() as line:
            found, tables = await _locked(line, ours[0], others[0])
            assert found == {ours[0], others[0]}
            assert tables > {"sends", f"sends_{this}", f"sends_{next_one}"}
        async with lines.line() as line:
            found, tables = await _locked(line, others[1])
            assert found == {others[1]}
            assert tables > {"sends", "sends_default"}

    _with_lines(scenario)
    house.take_away(before)


def test_a_week_that_is_worked_on_is_not_retired(house: House) -> None:
    """Who holds only a partition of it would not notice that its parent is locked."""
    week = house.weeks_from_now(-46)
    house.make(week)
    send_id = house.store(week)

    async def scenario(lines: Lines) -> None:
        async with lines.line() as line:
            assert await _locked(line, send_id) == ({send_id}, {f"sends_{week}"})
            with capture_logs() as logs:
                await asyncio.to_thread(upkeep.tend_partitions)
            put_off = [entry["error"] for entry in logs if (entry["event"], entry["week"]) == ("upkeep.put_off", str(week))]
            assert put_off == ["LockNotAvailable"]
        assert house.partitions(week) == names_of(week)

    _with_lines(scenario)
    upkeep.tend_partitions()
    assert house.partitions(week) == set()


def test_a_week_that_gets_its_partitions_is_found_before_and_after(house: House) -> None:
    week = house.weeks_from_now(-47)
    send_id = house.store(week)

    async def scenario(lines: Lines) -> None:
        async with lines.line() as line:
            assert (await _locked(line, send_id))[0] == {send_id}
        await asyncio.to_thread(house.make, week)
        async with lines.line() as line:
            assert (await _locked(line, send_id))[0] == {send_id}

    _with_lines(scenario)
    upkeep.tend_partitions()
