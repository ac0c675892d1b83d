"""What keeps the database in shape."""

from datetime import UTC, datetime

from shared import settings
from shared.db import engine, partitions


def make_partitions() -> None:
    """Make the partitions of the coming weeks."""
    with engine.get().begin() as connection:
        partitions.ensure(connection, datetime.now(UTC), settings.get().partition_weeks_ahead)
