"""Accounts: the tenants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared import ids
from shared.db.tables import accounts
from shared.management.errors import AlreadyExists, Invalid, NotFound
from shared.settings import HIGHEST_PER_MINUTE

LIMITS: Final = ("write_per_minute", "read_per_minute", "kanal_per_minute")
"""The limits that an account may have of its own, by the names of the settings that they stand in for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A tenant."""

    id: UUID
    name: str
    status: str
    subscribed: bool
    """Whether it may send in the Kanal dialect."""
    settings: Mapping[str, Any]
    """Its own limits, those of :data:`LIMITS` that it has."""
    created_at: datetime


_COLUMNS = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.status,
    accounts.c.subscribed,
    accounts.c.settings,
    accounts.c.created_at,
)


def create(connection: Connection, name: str) -> Account:
    """Create an account. Raises :class:`AlreadyExists` and :class:`Invalid`."""
    if not name.strip():
        raise Invalid("name", "must not be empty")
    try:
        with connection.begin_nested():
            row = connection.execute(insert(accounts).values(id=ids.new(), name=name.strip()).returning(*_COLUMNS)).one()
    except IntegrityError as error:
        raise AlreadyExists(f"there is an account named {name.strip()!r} already") from error
    return Account(**row._mapping)


def change(
    connection: Connection, account_id: UUID, limits: Mapping[str, int | None], *, subscribed: bool | None = None
) -> Account:
    """Change an account. The caller announces it to the api processes after the commit.

    Args:
        connection: In a transaction.
        account_id: Which one.
        limits: Requests a minute, by the names of :data:`LIMITS`; what is absent stays as it is, ``None`` takes a limit away.
        subscribed: ``None`` leaves it as it is.

    Raises:
        NotFound: There is no such account.
        Invalid: A limit is none.
    """
    for name, number in limits.items():
        if number is not None and not 1 <= number <= HIGHEST_PER_MINUTE:
            raise Invalid(name, f"must be from 1 to {HIGHEST_PER_MINUTE}")
    locked = select(accounts.c.settings, accounts.c.subscribed).where(accounts.c.id == account_id).with_for_update()
    held = connection.execute(locked).one_or_none()
    if held is None:
        raise NotFound("there is no such account")
    changed = {name: number for name, number in {**held.settings, **limits}.items() if number is not None}
    values = {"settings": changed, "subscribed": held.subscribed if subscribed is None else subscribed}
    statement = update(accounts).where(accounts.c.id == account_id).values(values).returning(*_COLUMNS)
    return Account(**connection.execute(statement).one()._mapping)


def find(connection: Connection, name_or_id: str) -> Account:
    """Find an account by its name or its ``acc_...`` id. Raises :class:`NotFound`."""
    identifier = ids.decode(ids.ACCOUNT, name_or_id)
    condition = accounts.c.id == identifier if identifier else accounts.c.name == name_or_id
    row = connection.execute(select(*_COLUMNS).where(condition)).one_or_none()
    if row is None:
        raise NotFound(f"there is no account {name_or_id!r}")
    return Account(**row._mapping)


def load(connection: Connection, account_id: UUID) -> Account:
    """Read an account that is there."""
    return Account(**connection.execute(select(*_COLUMNS).where(accounts.c.id == account_id)).one()._mapping)


def every(connection: Connection) -> list[Account]:
    """List all accounts, the oldest first."""
    return [Account(**row._mapping) for row in connection.execute(select(*_COLUMNS).order_by(accounts.c.id))]
