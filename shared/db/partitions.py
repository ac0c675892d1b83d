"""Weekly partitions of the hot tables, made ahead of time.

The bounds are ids: a time-ordered UUID begins with its millisecond, so a week is a range of ids. A default partition takes what no
week covers, so that a missing partition never refuses a send.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Table, text

from shared.db.tables.sends import PARTITIONED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WEEK = timedelta(weeks=1)


def first_id(moment: datetime) -> UUID:
    """Give the smallest id that can be made at a moment."""
    return UUID(int=(moment - _EPOCH) // _MILLISECOND << 80)


def week_start(moment: datetime) -> datetime:
    """Give the Monday, 00:00 UTC, of a moment's week."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def ensure(connection: Connection, now: datetime, weeks_ahead: int) -> None:
    """Make the partitions of this week and of the weeks ahead, where they are not there yet."""
    for table in PARTITIONED:
        _execute(connection, f"CREATE TABLE IF NOT EXISTS {table.name}_default PARTITION OF {table.name} DEFAULT")
        for start in _weeks(now, weeks_ahead):
            _ensure_week(connection, table, start)


def _weeks(now: datetime, ahead: int) -> Iterator[datetime]:
    start = week_start(now)
    for number in range(ahead + 1):
        yield start + number * _WEEK


def _ensure_week(connection: Connection, table: Table, start: datetime) -> None:
    year, week, _ = start.isocalendar()
    bounds = f"FROM ('{first_id(start)}') TO ('{first_id(start + _WEEK)}')"
    name = f"{table.name}_{year}w{week:02}"
    _execute(connection, f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table.name} FOR VALUES {bounds}")


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
