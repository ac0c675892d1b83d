"""Counts of deliveries, by what was counted and by looking through the deliveries: the two are the same at any moment."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from shared.domain.outcome import Code
from shared.management import statistics
from shared.management.statistics import Dimension, Filters, Period

Counted = Counter[tuple[Any, ...]]

EVERYTHING = (
    Dimension.HOUR,
    Dimension.CHANNEL,
    Dimension.KEY,
    Dimension.TEMPLATE,
    Dimension.CAMPAIGN,
    Dimension.STATE,
    Dimension.CODE,
)
_LOOKED_THROUGH = text("""
    SELECT date_trunc('hour', ended_at, 'UTC'), channel, key_id, template_id, campaign_id, state, code, count(*)
      FROM deliveries
     WHERE account_id = :account_id AND state IN ('sent', 'failed', 'unknown', 'cancelled')
       AND ended_at >= :since AND ended_at < :until
     GROUP BY 1, 2, 3, 4, 5, 6, 7
""")


def both(database: Engine, account_id: UUID, within: Period) -> tuple[Counted, Counted]:
    """Count an account's deliveries both ways, as of one moment: first by the counts, then by looking."""
    with database.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return _by_counts(connection, account_id, within), _by_looking(connection, account_id, within)


def _by_counts(connection: Connection, account_id: UUID, within: Period) -> Counted:
    found = statistics.count(connection, within, Filters(account_id=account_id), EVERYTHING)
    return Counter({tuple(row.group.values()): row.number for row in found.rows})


def _by_looking(connection: Connection, account_id: UUID, within: Period) -> Counted:
    named = {"account_id": account_id, "since": within.since, "until": within.until}
    rows = connection.execute(_LOOKED_THROUGH, named)
    return Counter({tuple(row[:-1]): row[-1] for row in rows})


def endings(counted: Counted) -> Counter[tuple[str, str | None]]:
    """Give how many deliveries ended in which state, and for which reason."""
    found: Counter[tuple[str, str | None]] = Counter()
    for group, number in counted.items():
        found[group[-2], None if group[-1] is None else Code(group[-1])] += number
    return found
