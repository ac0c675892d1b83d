"""What is encrypted in the database, and under which key: ``<id of the key>:<sealed>``, in one column of each of these tables.

A row is re-encrypted in a transaction of its own, and only while it holds what was read: whoever changes it meanwhile wins, and
nobody waits for more than one row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import TextClause, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of encrypted documents, and the statements on it."""

    count: TextClause
    """Count its rows by the ids of their keys, given in bytes: what comes before the first colon."""
    select_others: TextClause
    """Read the next rows in the order of their ids that are not under the active key, whose id with its colon is ``:prefix``."""
    select_newest: TextClause
    """Read the newest row under each key, to see that it can be read."""
    replace: TextClause
    """Write a row anew, unless it holds something else by now than what was read."""


def _of(table: str, column: str) -> Column:
    key = f"substring({column} FOR greatest(position(CAST('\\x3a' AS bytea) IN {column}) - 1, 0))"
    return Column(
        count=text(f"SELECT {key} AS key, count(*) AS number FROM {table} GROUP BY 1"),
        select_others=text(f"""
            SELECT id, {column} AS sealed FROM {table}
             WHERE id > :after AND substring({column} FOR length(CAST(:prefix AS bytea))) <> CAST(:prefix AS bytea)
             ORDER BY id LIMIT :limit
        """),
        select_newest=text(f"SELECT DISTINCT ON ({key}) id, {column} AS sealed FROM {table} ORDER BY {key}, id DESC"),
        replace=text(f"UPDATE {table} SET {column} = :renewed WHERE id = :id AND {column} = :sealed RETURNING id"),
    )


COLUMNS: Final[Mapping[str, Column]] = {
    "channel keys": _of("channel_keys", "credentials"),
    "webhook subscriptions": _of("webhook_subscriptions", "secrets"),
}
"""By what they belong to, in the order in which rows are locked everywhere. There are no other encrypted columns."""
