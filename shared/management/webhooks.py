"""Where customers want their webhooks: subscriptions, and the secrets that sign what is posted to them.

A secret is shown once, when it is made; it is kept encrypted, bound to its subscription. Those that cannot be read any more, as
under a key that is lost, sign nothing: a subscription is then shown without, and a new secret takes over from none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row, Select, func, insert, select, update

from shared import ids, vault
from shared.db import clock
from shared.db.tables import webhook_subscriptions as table
from shared.domain import webhook_secrets
from shared.domain.webhook_secrets import Secret
from shared.management.errors import NotFound, TooLate

_log: Final = structlog.get_logger("webhooks")

MOST: Final = 50
"""Subscriptions of one account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """Where an account wants some of its webhooks."""

    id: UUID
    url: str
    description: str | None
    events: tuple[str, ...]
    status: str
    status_reason: str | None
    """Why it is disabled, where nobody asked for it."""
    created_at: datetime
    updated_at: datetime
    secrets: tuple[Secret, ...]
    """Those that sign now, the oldest first."""


_FIELDS: Final = ("id", "url", "description", "events", "status", "status_reason", "created_at", "updated_at", "secrets")
_COLUMNS: Final = tuple(table.c[name] for name in _FIELDS)


def create(connection: Connection, account_id: UUID, url: str, events: list[str], description: str | None) -> Subscription:
    """Create a subscription with a secret. Raises :class:`TooLate` when the account has too many."""
    held = select(func.count()).where(table.c.account_id == account_id, table.c.deleted_at.is_(None))
    if connection.execute(held).scalar_one() >= MOST:
        raise TooLate(f"an account has {MOST} webhook subscriptions at the most")
    identifier = ids.new()
    sealed = _seal(identifier, (_new_secret(clock.read(connection)),))
    values = {"id": identifier, "account_id": account_id, "url": url, "events": events, "description": description}
    row = connection.execute(insert(table).values(**values, secrets=sealed).returning(*_COLUMNS, func.now().label("now"))).one()
    return _read(row)


def page(connection: Connection, account_id: UUID, limit: int, before_id: UUID | None = None) -> list[Subscription]:
    """List an account's subscriptions, the newest first, those with ids below ``before_id`` where one is given."""
    statement = _of(account_id).order_by(table.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(table.c.id < before_id)
    return [_read(row) for row in connection.execute(statement)]


def load(connection: Connection, account_id: UUID, identifier: UUID) -> Subscription:
    """Read a subscription. Raises :class:`NotFound`."""
    return _read(_one(connection, _of(account_id).where(table.c.id == identifier)))


def change(connection: Connection, account_id: UUID, identifier: UUID, changes: Mapping[str, Any]) -> Subscription:
    """Change ``url``, ``description``, ``events`` or ``status``. Raises :class:`NotFound`.

    One that is activated is as new: what it has not heard before is not held against it, and what waits for it is posted.
    """
    _lock(connection, account_id, identifier)
    fresh = {"consecutive_failures": 0, "status_reason": None} if "status" in changes else {}
    values = {**changes, **fresh, "updated_at": func.now()}
    connection.execute(update(table).where(table.c.id == identifier).values(values))
    return load(connection, account_id, identifier)


def delete(connection: Connection, account_id: UUID, identifier: UUID) -> None:
    """Delete a subscription: nothing more is posted, and its webhooks are not to be seen any more. Raises :class:`NotFound`."""
    _lock(connection, account_id, identifier)
    values = {"status": "disabled", "deleted_at": func.now(), "secrets": _seal(identifier, ())}
    connection.execute(update(table).where(table.c.id == identifier).values(values))


def add_secret(connection: Connection, account_id: UUID, identifier: UUID, overlap: timedelta) -> Secret:
    """Add a secret; the others sign for the ``overlap``. Raises :class:`NotFound`, :class:`TooLate` when there are too many."""
    row = _lock(connection, account_id, identifier)
    new = _new_secret(row.now)
    secrets = webhook_secrets.rotate(_open(row), new, overlap)
    if len(secrets) > webhook_secrets.MOST:
        raise TooLate(
            f"a subscription has {webhook_secrets.MOST} active secrets at the most: with expires_in_hours 0 the others end"
        )
    values = {"secrets": _seal(identifier, secrets), "updated_at": func.now()}
    connection.execute(update(table).where(table.c.id == identifier).values(values))
    return new


def _of(account_id: UUID) -> Select[Any]:
    return select(*_COLUMNS, func.now().label("now")).where(table.c.account_id == account_id, table.c.deleted_at.is_(None))


def _one(connection: Connection, statement: Select[Any]) -> Row[Any]:
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound("there is no such webhook subscription")
    return row


def _lock(connection: Connection, account_id: UUID, identifier: UUID) -> Row[Any]:
    return _one(connection, _of(account_id).where(table.c.id == identifier).with_for_update(key_share=True))


def _new_secret(now: datetime) -> Secret:
    secret_id = ids.encode(ids.SECRET, ids.new())
    return Secret(id=secret_id, secret=vault.new_token(webhook_secrets.PREFIX), created_at=now)


def _seal(identifier: UUID, secrets: tuple[Secret, ...]) -> bytes:
    return vault.get().encrypt(identifier, webhook_secrets.dump(secrets))


def _open(row: Row[Any]) -> tuple[Secret, ...]:
    """Read a subscription's secrets; none, when they cannot be read."""
    try:
        return webhook_secrets.read(vault.get().decrypt(row.id, row.secrets))
    except vault.VaultError as error:
        _log.warning("webhook.secrets_unreadable", subscription=ids.encode(ids.SUBSCRIPTION, row.id), reason=str(error))
        return ()


def _read(row: Row[Any]) -> Subscription:
    values = {name: getattr(row, name) for name in _FIELDS}
    active = webhook_secrets.active(_open(row), row.now)
    return Subscription(**{**values, "events": tuple(row.events), "secrets": active})
