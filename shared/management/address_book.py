"""The people an account knows, as it keeps them itself: named, and asked for no more messages or for messages again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Connection, Row, Select, false, func, insert, literal_column, or_, select, update
from sqlalchemy.exc import IntegrityError

from shared.db.statements import people
from shared.db.tables import contacts as table
from shared.domain import targets
from shared.domain.channels import Channel
from shared.management.errors import AlreadyExists, Invalid, NotFound, TooLate

_NO_SUCH_CONTACT: Final = "there is no such contact"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A person, known by an address on a channel."""

    id: int
    channel: Channel
    address: str
    """In the channel's canonical form."""
    name: str | None
    email: str | None
    opted_out: bool
    """Whether it wants nothing: of its words, and those that the account noted for it, the latest counts."""
    opted_out_at: datetime | None
    opted_in_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What contacts must have in common; ``None`` asks nothing."""

    channel: Channel | None = None
    search: str | None = None
    """A part of the address or of the name, in any case."""
    opted_out: bool | None = None


_OPTED_OUT: Final[ColumnElement[bool]] = func.coalesce(literal_column(people.OPTED_OUT, Boolean), false())
_STORED: Final = ("id", "channel", "address", "name", "email", "opted_out_at", "opted_in_at", "created_at", "updated_at")
_COLUMNS: Final = (*(table.c[name] for name in _STORED), _OPTED_OUT.label("opted_out"))


def page(connection: Connection, account_id: UUID, filters: Filters, limit: int, before_id: int | None = None) -> list[Contact]:
    """List an account's contacts, the newest first, those with ids below ``before_id`` where one is given."""
    statement = _of(account_id).where(*_conditions(filters)).order_by(table.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(table.c.id < before_id)
    return [_read(row) for row in connection.execute(statement)]


def load(connection: Connection, account_id: UUID, identifier: int) -> Contact:
    """Read a contact. Raises :class:`NotFound`."""
    return _one(connection, _of(account_id).where(table.c.id == identifier))


def lock(connection: Connection, account_id: UUID, identifier: int) -> Contact:
    """Read it to change it: nobody else does before the transaction ends. Raises :class:`NotFound`."""
    return _one(connection, _of(account_id).where(table.c.id == identifier).with_for_update(key_share=True))


def create(
    connection: Connection, account_id: UUID, channel: Channel, address: str, *, name: str | None = None, email: str | None = None
) -> Contact:
    """Make a contact. Raises :class:`Invalid`, and :class:`AlreadyExists` for an address that the account knows on the channel."""
    values = {"account_id": account_id, "channel": channel, "address": canonical(channel, address), "name": name, "email": email}
    try:
        with connection.begin_nested():
            return _read(connection.execute(insert(table).values(values).returning(*_COLUMNS)).one())
    except IntegrityError:
        raise AlreadyExists("there is a contact with this address already") from None


def change(connection: Connection, known: Contact, values: Mapping[str, Any]) -> Contact:
    """Change ``name``, ``email`` or ``opted_out`` of a contact that is locked. What it wants already is not noted again."""
    columns = {name: value for name, value in values.items() if name != "opted_out"}
    if values.get("opted_out", known.opted_out) != known.opted_out:
        columns["opted_out_at" if values["opted_out"] else "opted_in_at"] = func.now()
    statement = update(table).where(table.c.id == known.id).values({**columns, "updated_at": func.now()}).returning(*_COLUMNS)
    return _read(connection.execute(statement).one())


def delete(connection: Connection, known: Contact) -> None:
    """Forget a contact that is locked. Raises :class:`TooLate` for one that opted out: unknown again, it would be written to."""
    if known.opted_out:
        raise TooLate("the contact has opted out, which deleting it would forget")
    connection.execute(table.delete().where(table.c.id == known.id))


def wish(connection: Connection, account_id: UUID, channel: Channel, address: str, *, opted_out: bool) -> Contact:
    """Note that a person wants nothing, or wants messages again, whether it is known or not. Raises :class:`Invalid`."""
    found = _of(account_id).where(table.c.channel == channel, table.c.address == canonical(channel, address))
    row = connection.execute(found.with_for_update(key_share=True)).one_or_none()
    known = create(connection, account_id, channel, address) if row is None else _read(row)
    return change(connection, known, {"opted_out": opted_out})


def canonical(channel: Channel, address: str, field: str = "address") -> str:
    """Give an address its canonical form. Raises :class:`Invalid` for the field."""
    found = targets.normalise(channel, address)
    if found is None:
        raise Invalid(field, f"is no address that a message could reach on {channel.label}")
    return found


def containing(text: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Match what holds a text in one of some columns, in any case; a number may be written with its plus."""
    return or_(*(column.icontains(text.removeprefix("+"), autoescape=True) for column in columns))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.channel is not None:
        conditions.append(table.c.channel == filters.channel)
    if filters.search is not None:
        conditions.append(containing(filters.search, table.c.address, table.c.name))
    if filters.opted_out is not None:
        conditions.append(_OPTED_OUT.is_(filters.opted_out))
    return conditions


def _of(account_id: UUID) -> Select[Any]:
    return select(*_COLUMNS).where(table.c.account_id == account_id)


def _one(connection: Connection, statement: Select[Any]) -> Contact:
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound(_NO_SUCH_CONTACT)
    return _read(row)


def _read(row: Row[Any]) -> Contact:
    return Contact(**{**row._mapping, "channel": Channel(row.channel)})
