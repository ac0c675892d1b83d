"""One process at a time changes the schema: migrations, and the making and dropping of partitions."""

from typing import Final

from sqlalchemy import Connection

_ONE_AT_A_TIME: Final = 4_720_115
"""The advisory lock that keeps two such processes apart."""


def take(connection: Connection) -> None:
    """Wait until no other process changes the schema, and keep the others waiting until this transaction ends."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
