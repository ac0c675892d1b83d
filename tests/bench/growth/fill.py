"""Filling the tables with weeks of history, as fast as Postgres can write it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, create_engine, text

from shared.db import clock
from shared.db.partitions import Week
from shared.db.tables.sends import PARTITIONED
from tests.bench.growth import bulk, history, people

WEEKS: Final = 8
"""Weeks that a history spans, this one included: each holds as many sends as any other."""

_AT_ONCE: Final = 2
"""Weeks that are filled at the same time."""
_FOR_BULK: Final = "-c synchronous_commit=off -c maintenance_work_mem=512MB -c work_mem=64MB -c timezone=UTC"
_SENDS_SO_FAR: Final = text("SELECT last_value FROM send_numbers")
_WITHOUT_RING: Final = """
    SELECT set_config('vacuum_buffer_usage_limit', '0', false)
     WHERE current_setting('vacuum_buffer_usage_limit', true) IS NOT NULL
"""
"""Lets a vacuum use all of the server's memory; before version 16 it cannot."""

Report = Callable[[str], None]


def fill(database_url: str, *, sends: int, scheduled: int = 0, report: Report = lambda _line: None) -> None:
    """Add ``sends`` that have ended and some that are ``scheduled`` for the month ahead to a migrated database.

    Nobody else may work on the database meanwhile. Afterwards it is as it would be some time later: vacuumed, analysed, and nothing
    of it left to be written by the next checkpoint.
    """
    engine = create_engine(database_url, connect_args={"options": _FOR_BULK})
    try:
        _fill(engine, sends, scheduled, report)
    finally:
        engine.dispose()


def _fill(engine: Engine, sends: int, scheduled: int, report: Report) -> None:
    with engine.begin() as connection:
        people.make(connection, sends)
        salt = str(connection.scalar(_SENDS_SO_FAR))
        spans = dict(_spans(clock.read(connection), salt, sends, scheduled))
        bulk.take_out(connection, spans)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for week in pool.map(lambda each: _fill_week(engine, *each), spans.items()):
            report(f"filled {week}")
    _execute(engine, "ANALYZE", "CHECKPOINT")


def _fill_week(engine: Engine, week: Week, span: history.Span) -> Week:
    with engine.begin() as connection:
        bulk.drop_indexes(connection, week)
        history.write(connection, week, span)
        bulk.put_back(connection, week)
    _execute(engine, _WITHOUT_RING, f"VACUUM {', '.join(week.of_table(table) for table in PARTITIONED)}")
    return week


def _execute(engine: Engine, *statements: str) -> None:
    """Execute statements that no transaction may hold."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _spans(now: datetime, salt: str, sends: int, scheduled: int) -> Iterator[tuple[Week, history.Span]]:
    """Share sends out among the weeks, the oldest first."""
    current = Week.of(now)
    for number in range(WEEKS):
        week = current.later(number - WEEKS + 1)
        yield (
            week,
            history.Span(
                salt=f"{salt} {week}",
                since=week.start,
                until=min(week.end, now),
                sends=_share(sends, number),
                scheduled=_share(scheduled, number),
            ),
        )


def _share(total: int, number: int) -> int:
    return total // WEEKS + (number < total % WEEKS)
