"""Dropping the weeks that are kept no longer: a partition goes in no time, where deleting its rows would take hours."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, text

from shared.db import clock, partitions
from shared.db.partitions import Week
from shared.db.statements import upkeep
from shared.db.tables.sends import PARTITIONED


def ended(connection: Connection, days: int) -> list[Week]:
    """Give the weeks with partitions that ended more than so many days ago, the oldest first."""
    border = clock.read(connection) - timedelta(days=days)
    weeks = {week for name in partitions.attached(connection) if (week := Week.of_partition(name))}
    return sorted(week for week in weeks if week.end < border)


def retire(connection: Connection, week: Week) -> bool:
    """Drop a week's partitions of all tables, and say whether they are gone: while one of its sends has not ended, all stay.

    The caller has taken his turn. Raises :class:`sqlalchemy.exc.OperationalError` when his patience ends before the locks are had.
    """
    if _unfinished(connection, week):
        return False
    names = sorted(partitions.attached(connection) & {week.of_table(table) for table in PARTITIONED})
    partitions.lock(connection, *names)
    # A person may have had one of them tried again in the meantime.
    if _unfinished(connection, week):
        return False
    _drop(connection, week, names)
    return True


def _unfinished(connection: Connection, week: Week) -> bool:
    """Ask for sends that have not ended, by the small indexes."""
    first, end = week.bounds
    return bool(connection.execute(upkeep.unfinished, {"first": first, "end": end}).scalar_one())


def _drop(connection: Connection, week: Week, names: Sequence[str]) -> None:
    if names:
        connection.execute(text(f"DROP TABLE {', '.join(names)}"))
    first, end = week.bounds
    connection.execute(upkeep.forget_quarantined, {"first": first, "end": end})
