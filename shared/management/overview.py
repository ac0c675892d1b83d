"""All that whoever watches wants to know at one look, as Postgres tells it; :mod:`shared.management.backlogs` has what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared import ids
from shared.db import sessions
from shared.db.statements import health
from shared.db.statements import overview as statements
from shared.domain.pace import Ended, Reading
from shared.domain.states import DeliveryState
from shared.management.campaigns import progress
from shared.management.campaigns.progress import Progress

_PATIENCE: Final = 5.0
"""Seconds that Postgres has for one statement."""
_KEYS: Final = 2000
"""Keys whose pace is looked at: the busiest."""
_SUSPENDED: Final = 100
_CAMPAIGNS: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspended:
    """A channel key that does not send."""

    id: UUID
    account: str
    channel: str
    name: str
    code: str | None
    """``None`` where a person suspended it."""
    reason: str | None
    since: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """A campaign that is under way."""

    id: UUID
    account: str
    name: str
    state: str
    progress: Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """One look."""

    reading: Reading
    names: Mapping[str, str]
    """What people call the keys of the reading: ``account/name``."""
    suspended: tuple[Suspended, ...]
    """The latest first, at most :data:`_SUSPENDED`."""
    campaigns: tuple[Campaign, ...]
    """Those that run first, at most :data:`_CAMPAIGNS`."""
    waiting: int
    """Deliveries of all accounts that wait, as the intake counts them: up to the number from which on it refuses sends."""


def look(database: Engine, account_id: UUID | None, most_waiting: int) -> Overview:
    """Look at one account, or at all. Raises :class:`sqlalchemy.exc.SQLAlchemyError`."""
    with database.begin() as connection:
        sessions.end_statements_after(connection, _PATIENCE)
        reading, names = _ended(connection, account_id)
        return Overview(
            reading=reading,
            names=names,
            suspended=_suspended(connection, account_id),
            campaigns=_campaigns(connection, account_id),
            waiting=connection.execute(health.count_due, {"limit": most_waiting}).scalar_one(),
        )


def _ended(connection: Connection, account_id: UUID | None) -> tuple[Reading, dict[str, str]]:
    moment = connection.execute(statements.select_time).one()
    rows = connection.execute(statements.select_ended, {"account_id": account_id, "limit": _KEYS}).all()
    names = {_key(row): f"{row.account}/{row.name}" for row in rows if row.key is not None}
    ended = tuple(
        Ended(
            hour=row.hour,
            channel=row.channel,
            state=DeliveryState(row.state),
            number=row.number,
            key=None if row.key is None else _key(row),
            code=row.code,
        )
        for row in rows
    )
    return Reading(at=moment.at, since=moment.since, ended=ended), names


def _key(row: Any) -> str:
    return ids.encode(ids.KEY, row.key)


def _suspended(connection: Connection, account_id: UUID | None) -> tuple[Suspended, ...]:
    rows = connection.execute(statements.select_suspended, {"account_id": account_id, "limit": _SUSPENDED})
    return tuple(Suspended(**row._mapping) for row in rows)


def _campaigns(connection: Connection, account_id: UUID | None) -> tuple[Campaign, ...]:
    rows = connection.execute(statements.select_campaigns, {"account_id": account_id, "limit": _CAMPAIGNS}).all()
    known = progress.progress(connection, [row.id for row in rows])
    return tuple(Campaign(**row._mapping, progress=known[row.id]) for row in rows)
