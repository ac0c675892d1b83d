"""Accounts: the tenants."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from shared import ids
from shared.db.tables import accounts
from shared.management.errors import AlreadyExists, Invalid, NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A tenant."""

    id: UUID
    name: str
    status: str
    created_at: datetime


_COLUMNS = (accounts.c.id, accounts.c.name, accounts.c.status, accounts.c.created_at)


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


def find(connection: Connection, name_or_id: str) -> Account:
    """Find an account by its name or its ``acc_...`` id. Raises :class:`NotFound`."""
    identifier = ids.decode(ids.ACCOUNT, name_or_id)
    condition = accounts.c.id == identifier if identifier else accounts.c.name == name_or_id
    row = connection.execute(select(*_COLUMNS).where(condition)).one_or_none()
    if row is None:
        raise NotFound(f"there is no account {name_or_id!r}")
    return Account(**row._mapping)


def every(connection: Connection) -> list[Account]:
    """List all accounts, the oldest first."""
    return [Account(**row._mapping) for row in connection.execute(select(*_COLUMNS).order_by(accounts.c.id))]
