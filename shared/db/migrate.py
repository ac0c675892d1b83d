"""Bringing a database to the newest schema."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from shared import settings
from shared.db import partitions

_ONE_AT_A_TIME: Final = 4_720_115
"""The advisory lock that keeps two migrating processes apart."""


def config() -> Config:
    """Give Alembic's configuration; the migrations lie in this package."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configuration


def upgrade(engine: Engine) -> None:
    """Migrate to the newest version and make the partitions of the coming weeks. Safe to run twice, and by two at once."""
    configuration = config()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        partitions.ensure(connection, datetime.now(UTC), settings.get().partition_weeks_ahead)
