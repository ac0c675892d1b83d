"""Addresses that an account does not write to: those that bounced, those of people who complained or unsubscribed, and its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, or_, select

from shared import ids
from shared.db import clock
from shared.db.statements import people
from shared.db.tables import suppressions as table
from shared.db.tables.contacts import SUPPRESSION_REASONS
from shared.domain.channels import Channel
from shared.management.address_book import canonical, containing
from shared.management.errors import Invalid, NotFound

MOST: Final = 1000
"""Addresses that can be added at once."""
REASONS: Final = SUPPRESSION_REASONS
MANUAL: Final = "manual"


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """An address that is stopped before each send."""

    id: UUID
    channel: Channel
    address: str
    reason: str
    """One of :data:`REASONS`."""
    created_at: datetime
    expires_at: datetime | None
    """From when on it is written to again; ``None`` for never."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What suppressions must have in common; ``None`` asks nothing."""

    channel: Channel | None = None
    reason: str | None = None
    search: str | None = None
    """A part of the address, in any case."""


_COLUMNS: Final = tuple(table.c[name] for name in ("id", "channel", "address", "reason", "created_at", "expires_at"))


def page(
    connection: Connection, account_id: UUID, filters: Filters, limit: int, before_id: UUID | None = None
) -> list[Suppression]:
    """List what an account suppresses now, the newest first, those with ids below ``before_id`` where one is given."""
    statement = _of(account_id).where(*_conditions(filters)).order_by(table.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(table.c.id < before_id)
    return [_read(row) for row in connection.execute(statement)]


def add(
    connection: Connection,
    account_id: UUID,
    channel: Channel,
    addresses: Sequence[str],
    *,
    reason: str = MANUAL,
    expires_at: datetime | None = None,
) -> list[Suppression]:
    """Suppress addresses, and give what then stands for each, in their order. What is suppressed for longer stays as it is.

    Raises :class:`Invalid`, naming the first address that is none; then nothing is suppressed.
    """
    if expires_at is not None and expires_at <= clock.read(connection):
        raise Invalid("expires_at", "must be in the future")
    named = list(dict.fromkeys(canonical(channel, each, f"addresses.{place}") for place, each in enumerate(addresses)))
    rows = [{"id": str(ids.new()), "address": address} for address in sorted(named)]
    values = {"account_id": account_id, "channel": channel, "reason": reason, "expires_at": expires_at}
    connection.execute(people.suppress, {**values, "rows": json.dumps(rows)})
    found = connection.execute(_of(account_id).where(table.c.channel == channel, table.c.address.in_(named)))
    standing = {row.address: _read(row) for row in found}
    return [standing[address] for address in named]


def remove(connection: Connection, account_id: UUID, identifier: UUID) -> Suppression:
    """Write to an address again, whatever the reason was. Raises :class:`NotFound`."""
    condition = (table.c.account_id == account_id, table.c.id == identifier)
    row = connection.execute(delete(table).where(*condition).returning(*_COLUMNS)).one_or_none()
    if row is None:
        raise NotFound("there is no such suppression")
    return _read(row)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    equal = {name: value for name in ("channel", "reason") if (value := getattr(filters, name)) is not None}
    conditions = [table.c[name] == value for name, value in equal.items()]
    return conditions if filters.search is None else [*conditions, containing(filters.search, table.c.address)]


def _of(account_id: UUID) -> Select[Any]:
    in_effect = or_(table.c.expires_at.is_(None), table.c.expires_at > func.now())
    return select(*_COLUMNS).where(table.c.account_id == account_id, in_effect)


def _read(row: Row[Any]) -> Suppression:
    return Suppression(**{**row._mapping, "channel": Channel(row.channel)})
