"""The database's clock, as far as this process knows it: the machine's own may be wrong by minutes."""

import time
from datetime import UTC, datetime

from sqlalchemy import Connection, text

_ahead = 0.0
"""Seconds by which the database's clock is ahead of this process's."""


def note(moment: datetime) -> None:
    """Take note of what the database's clock shows now."""
    global _ahead  # noqa: PLW0603 - a process has one clock.
    _ahead = moment.timestamp() - time.time()


def read(connection: Connection) -> datetime:
    """Give the time of the transaction's begin, by the database's clock."""
    moment: datetime = connection.execute(text("SELECT now()")).scalar_one()
    return moment


def now() -> datetime:
    """Give the database's time."""
    return datetime.fromtimestamp(time.time() + _ahead, UTC)
