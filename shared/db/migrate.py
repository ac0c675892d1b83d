"""Bringing a database to the newest schema."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from shared import settings
from shared.db import partitions, sessions, turns

_BRIEFLY: Final = text("SELECT set_config('lock_timeout', '5s', true)")
"""While a lock is waited for, everybody else waits behind it: with a backup that reads the tables, for as long as that takes."""


def config() -> Config:
    """Give Alembic's configuration; the migrations lie in this package."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configuration


def upgrade(engine: Engine) -> None:
    """Migrate to the newest version and make the partitions of the coming weeks. Safe to run twice, and by two at once.

    Raises :class:`sqlalchemy.exc.OperationalError` with nothing changed when somebody else has a table for long.
    """
    configuration = config()
    with engine.begin() as connection:
        turns.take(connection)
        connection.execute(_BRIEFLY)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        partitions.ensure(connection, settings.get().partition_weeks_ahead)
        if settings.get().database_pooled:
            sessions.make_default(connection)
