"""Dropping the weeks that are kept no longer: a partition goes in no time, where deleting its rows would take hours."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from shared.db import clock, partitions
from shared.db.partitions import Week
from shared.db.statements import upkeep
from shared.db.tables.sends import PARTITIONED

_OF_A_WEEK: Final = re.compile(r"_(\d{4})w(\d{2})$")


def ended(connection: Connection, days: int) -> list[Week]:
    """Give the weeks with partitions that ended more than so many days ago, the oldest first."""
    border = clock.read(connection) - timedelta(days=days)
    found = (_OF_A_WEEK.search(name) for name in partitions.attached(connection))
    weeks = {Week(datetime.fromisocalendar(int(each[1]), int(each[2]), 1).replace(tzinfo=UTC)) for each in found if each}
    return sorted(week for week in weeks if week.end < border)


def retire(connection: Connection, week: Week) -> bool:
    """Drop a week's partitions of all tables, and say whether they are gone: while one of its sends has not ended, all stay.

    The caller has taken his turn. Raises :class:`sqlalchemy.exc.OperationalError` when his patience ends before the locks are had.
    """
    if _unfinished(connection, week):
        return False
    partitions.lock(connection)
    # A person may have had one of them tried again in the meantime.
    if _unfinished(connection, week):
        return False
    _drop(connection, week)
    return True


def _unfinished(connection: Connection, week: Week) -> bool:
    """Ask for sends that have not ended, by the small indexes."""
    first, end = week.bounds
    return bool(connection.execute(upkeep.unfinished, {"first": first, "end": end}).scalar_one())


def _drop(connection: Connection, week: Week) -> None:
    names = partitions.attached(connection) & {week.of_table(table) for table in PARTITIONED}
    if names:
        connection.execute(text(f"DROP TABLE {', '.join(sorted(names))}"))
    first, end = week.bounds
    connection.execute(upkeep.forget_quarantined, {"first": first, "end": end})
