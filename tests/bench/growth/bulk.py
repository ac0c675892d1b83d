"""Filling weeks in bulk: taken out of their tables, filled without indexes, and put back, which makes all indexes at once."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

from shared.db import partitions, turns
from shared.db.partitions import Week
from shared.db.tables.sends import PARTITIONED

_INDEXES: Final = text("""
    SELECT indexrelid::regclass::text AS name, conname AS constraint
      FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid WHERE indrelid = to_regclass(:table)
""")


def take_out(connection: Connection, weeks: Iterable[Week]) -> None:
    """Make the partitions of some weeks where they are lacking, and take them out of their tables."""
    turns.take(connection)
    for week in weeks:
        partitions.make(connection, week)
        for table in PARTITIONED:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} DETACH PARTITION {week.of_table(table)}")


def drop_indexes(connection: Connection, week: Week) -> None:
    """Drop all indexes of a week that was taken out."""
    for table in PARTITIONED:
        name = week.of_table(table)
        for index in connection.execute(_INDEXES, {"table": name}).all():
            what = f"INDEX {index.name}" if index.constraint is None else f"ALTER TABLE {name} DROP CONSTRAINT {index.constraint}"
            connection.exec_driver_sql(what if index.constraint else f"DROP {what}")


def put_back(connection: Connection, week: Week) -> None:
    """Put a week back into its tables. Postgres makes the indexes that the tables have and the week lacks."""
    first, end = week.bounds
    for table in PARTITIONED:
        connection.exec_driver_sql(
            f"ALTER TABLE {table.name} ATTACH PARTITION {week.of_table(table)} FOR VALUES FROM ('{first}') TO ('{end}')"
        )
