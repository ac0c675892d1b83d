"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from shared import settings
from shared.db import partitions, turns


def config() -> Config:
    """Give Alembic's configuration; the migrations lie in this package."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configuration


def upgrade(engine: Engine) -> None:
    """Migrate to the newest version and make the partitions of the coming weeks. Safe to run twice, and by two at once."""
    configuration = config()
    with engine.begin() as connection:
        turns.take(connection)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        partitions.ensure(connection, settings.get().partition_weeks_ahead)
