"""What waits, as Postgres knows it: the system-wide figures of ``/metrics`` and of ``antar top``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, TextClause

from shared.db import sessions
from shared.db.statements import backlogs as statements
from shared.db.statements import health
from shared.queues import Queue

LIMIT: Final = 100_000
"""How far is counted: what is more is told as so many."""
_PATIENCE: Final = 2.0
"""Seconds that Postgres has for one statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """The deliveries of one queue that are due and not claimed."""

    number: int
    oldest: float
    """Seconds for which the oldest has been due; 0 when there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Channel keys that have something in common."""

    channel: str
    status: str
    code: str
    """Why they do not send; empty where they do."""
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlogs:
    """What waits, each counted up to :data:`LIMIT`."""

    due: Mapping[str, Due]
    """By queue, those that deliveries wait in."""
    held: int
    """Deliveries of which nobody knows whether they were sent, and which wait for a person."""
    quarantined: int
    """Deliveries that antar's own code failed at and nobody has replayed."""
    webhooks: int
    """Webhooks to customers that are due and not being posted."""
    webhooks_oldest: float
    """Seconds for which the oldest of these has been due."""
    inbox: int
    """Webhooks of providers that wait to be handled."""
    keys: tuple[Keys, ...]
    campaigns: Mapping[str, int]
    """Campaigns by state."""


def look(database: Engine) -> Backlogs:
    """Look at everything that waits. Raises :class:`sqlalchemy.exc.SQLAlchemyError`."""
    with database.begin() as connection:
        sessions.end_statements_after(connection, _PATIENCE)
        return _read(connection)


def _read(connection: Connection) -> Backlogs:
    webhooks = connection.execute(statements.select_webhooks, {"limit": LIMIT}).one()
    return Backlogs(
        due=_due(connection),
        held=_count(connection, statements.count_held),
        quarantined=_count(connection, statements.count_quarantined),
        webhooks=webhooks.waiting,
        webhooks_oldest=webhooks.oldest or 0.0,
        inbox=_count(connection, health.count_inbox),
        keys=tuple(Keys(**row._mapping) for row in connection.execute(statements.count_keys)),
        campaigns={row.state: row.number for row in connection.execute(statements.count_campaigns)},
    )


def _due(connection: Connection) -> dict[str, Due]:
    rows = connection.execute(statements.select_due, {"limit": LIMIT})
    waiting = {row.queue: Due(number=row.due, oldest=row.oldest) for row in rows}
    return {queue: Due(number=0, oldest=0.0) for queue in (Queue.SEND.value, Queue.BULK.value)} | waiting


def _count(connection: Connection, statement: TextClause) -> int:
    counted: int = connection.execute(statement, {"limit": LIMIT}).scalar_one()
    return counted
