"""Weekly partitions of the hot tables, made ahead of time.

The bounds are ids: a time-ordered UUID begins with its millisecond, so a week is a range of ids. A default partition takes what no
week covers, so that a missing partition never refuses a send; its rows move to their week's partition in the transaction that makes
it.

Who makes or drops a partition needs the tables for himself, for a moment. Nobody comes to a default partition but through its
parent, so the parents are locked, in the order in which sends are worked on, and with that nobody can be in between: no insert is
on its way into the default partition, where the new bounds would refuse it, and no update waits for a row that will have moved by
then. The hot path names a week's partitions themselves (:mod:`shared.db.hot`), so that who drops them locks them as well.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from sqlalchemy import Connection, Table, text

from shared.db import clock
from shared.db.tables.sends import FILLFACTORS, PARTITIONED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WEEK = timedelta(weeks=1)
_WEEK_MILLISECONDS: Final = _WEEK // _MILLISECOND
_SINCE_MONDAY: Final = timedelta(days=3) // _MILLISECOND
"""1970 began on a Thursday."""
_OF_A_WEEK: Final = re.compile(r"_(\d{4})w(\d{2})$")

ATTACHED: Final = text(f"""
    SELECT pg_class.relname FROM pg_inherits JOIN pg_class ON pg_class.oid = pg_inherits.inhrelid
     WHERE pg_inherits.inhparent IN ({", ".join(f"to_regclass('{table.name}')" for table in PARTITIONED)})
""")
"""The names of all partitions."""


def _key(table: Table) -> str:
    """Give the column that a table is partitioned by: the first of its primary key."""
    return next(column.name for column in table.primary_key)


_STRAY: Final = text(
    " UNION ALL ".join(
        f"(SELECT {_key(table)} AS id FROM {table.name}_default WHERE {_key(table)} >= :first AND {_key(table)} < :end"
        f" ORDER BY {_key(table)} LIMIT 1)"
        for table in PARTITIONED
    )
    + " ORDER BY id LIMIT 1"
)
"""The first id, from one on and before another, that a default partition holds a row of."""


def first_id(moment: datetime) -> UUID:
    """Give the smallest id that can be made at a moment."""
    return UUID(int=(moment - _EPOCH) // _MILLISECOND << 80)


def week_start(moment: datetime) -> datetime:
    """Give the Monday, 00:00 UTC, of a moment's week."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week of the ISO calendar, by its Monday, 00:00 UTC."""

    start: datetime

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """Give the week of a moment."""
        return cls(week_start(moment))

    @classmethod
    def of_id(cls, identifier: UUID) -> Self:
        """Give the week that an id was made in."""
        return cls.of(_EPOCH + (identifier.int >> 80) * _MILLISECOND)

    @classmethod
    def of_partition(cls, name: str) -> Self | None:
        """Give the week of a partition; ``None`` of a default partition, which has none."""
        found = _OF_A_WEEK.search(name)
        return cls(datetime.fromisocalendar(int(found[1]), int(found[2]), 1).replace(tzinfo=UTC)) if found else None

    def __str__(self) -> str:
        year, week, _ = self.start.isocalendar()
        return f"{year}w{week:02}"

    @property
    def end(self) -> datetime:
        """The Monday after it."""
        return self.start + _WEEK

    @property
    def bounds(self) -> tuple[UUID, UUID]:
        """Its first id, and the first after it."""
        return first_id(self.start), first_id(self.end)

    def later(self, weeks: int) -> "Week":
        """Give the week that comes so many weeks after it."""
        return Week(self.start + weeks * _WEEK)

    def of_table(self, table: Table) -> str:
        """Name its partition of a table."""
        return f"{table.name}_{self}"


def number(identifier: UUID) -> int:
    """Number the week that an id was made in: ids of one week have the same number."""
    return ((identifier.int >> 80) + _SINCE_MONDAY) // _WEEK_MILLISECONDS


def whole(names: Iterable[str]) -> dict[int, str]:
    """Give the weeks of which every table has its partition among those named: how they are written, by their numbers."""
    weeks = Counter(week for name in names if (week := Week.of_partition(name)))
    return {number(first_id(week.start)): str(week) for week, tables in weeks.items() if tables == len(PARTITIONED)}


def ensure(connection: Connection, weeks_ahead: int) -> None:
    """Make the partitions that are not there yet; see :func:`lacking` and :func:`make`."""
    for table in PARTITIONED:
        _execute(connection, f"CREATE TABLE IF NOT EXISTS {table.name}_default PARTITION OF {table.name} DEFAULT{_storage(table)}")
    for week in lacking(connection, weeks_ahead):
        make(connection, week)


def lacking(connection: Connection, weeks_ahead: int) -> list[Week]:
    """Give the weeks without partitions: among this one and those ahead, and those of which a default partition holds rows."""
    wanted = list(_from_now(Week.of(clock.read(connection)), weeks_ahead))
    names = attached(connection)
    unmade = {week for week in wanted if _without(names, week)}
    return sorted(unmade | set(_strays(connection, wanted[-1])))


def make(connection: Connection, week: Week) -> None:
    """Make a week's partitions where they are not there, and move there what the default partitions hold of it.

    The caller has taken his turn. Raises :class:`sqlalchemy.exc.OperationalError` when his patience ends before the locks are had.
    """
    tables = _without(attached(connection), week)
    for table in tables:
        _execute(connection, f"CREATE TABLE {week.of_table(table)} (LIKE {table.name} INCLUDING ALL){_storage(table)}")
    if tables:
        lock(connection)
    for table in tables:
        _move_and_attach(connection, table, week)


def attached(connection: Connection) -> set[str]:
    """Name all partitions."""
    return set(connection.execute(ATTACHED).scalars())


def lock(connection: Connection, *partitions: str) -> None:
    """Keep everybody from the partitioned tables, and from some partitions, until this transaction ends."""
    tables = ", ".join(f"ONLY {name}" for name in (*(table.name for table in PARTITIONED), *partitions))
    _execute(connection, f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")


def _from_now(week: Week, ahead: int) -> Iterator[Week]:
    return (week.later(number) for number in range(ahead + 1))


def _without(names: set[str], week: Week) -> Sequence[Table]:
    return [table for table in PARTITIONED if week.of_table(table) not in names]


def _strays(connection: Connection, last: Week) -> Iterator[Week]:
    """Find the weeks of what the default partitions hold, in a look a week. A partition cannot begin before 1970."""
    _, end = last.bounds
    first, _ = Week.of(_EPOCH).later(1).bounds
    while (found := connection.execute(_STRAY, {"first": first, "end": end}).scalar()) is not None:
        week = Week.of_id(found)
        yield week
        _, first = week.bounds


def _move_and_attach(connection: Connection, table: Table, week: Week) -> None:
    first, end = week.bounds
    partition = week.of_table(table)
    within = f"{_key(table)} >= '{first}' AND {_key(table)} < '{end}'"
    _execute(
        connection,
        f"WITH moved AS (DELETE FROM {table.name}_default WHERE {within} RETURNING *) INSERT INTO {partition} SELECT * FROM moved",
    )
    _execute(connection, f"ALTER TABLE {table.name} ATTACH PARTITION {partition} FOR VALUES FROM ('{first}') TO ('{end}')")


def _storage(table: Table) -> str:
    """Give the end of the statement that makes a partition: a table that has them has no storage of its own, and passes none on."""
    return f" WITH (fillfactor = {FILLFACTORS[table.name]})" if table.name in FILLFACTORS else ""


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
