"""Templates: written by their authors, reviewed, switched on and off. Only an approved and active one is sent.

A template is a draft until it is submitted, and pending until it is judged: by an operator, or by Meta where it belongs to a
business number. What is pending or approved is never changed, so that what was judged is what is sent, now and by what was
scheduled with it: another wording is another template. What Meta has is changed at Meta.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypedDict
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Select, delete, func, insert, select, update
from sqlalchemy.sql import ColumnElement

from shared.db.statements import templates as statements
from shared.db.tables import templates
from shared.domain import content
from shared.domain.channels import Channel
from shared.domain.content import JsonObject, TemplateBody
from shared.management import template_usage
from shared.management.errors import AlreadyExists, Invalid, NotFound, TooLate, invalid

_MAX_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A template of an account."""

    id: int
    account_id: UUID
    channel: Channel
    name: str
    language: str | None
    body: JsonObject
    """As it is stored."""
    status: str
    """``draft``, ``pending``, ``approved`` or ``rejected``."""
    status_reason: str | None
    """Why it was rejected, or why its provider has switched it off."""
    active: bool
    key_id: UUID | None
    """The business number that it belongs to, if any."""
    category: str | None
    quality: str | None
    """Meta's score of it."""
    provider_id: str | None
    """Meta's id of it, once Meta has it."""
    created_at: datetime
    updated_at: datetime
    synced_at: datetime | None
    """The moment as of which this is what Meta says."""

    @property
    def content(self) -> TemplateBody:
        """The body, read."""
        return content.parse_template(self.channel, self.body)

    @property
    def off_by_provider(self) -> bool:
        """Whether its provider has switched off what it had approved."""
        return self.status == "approved" and not self.active and self.status_reason is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """The templates of one channel of an account."""

    account_id: UUID
    channel: Channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """The business number that a template is to be made for."""

    key_id: UUID
    category: str
    """One of :data:`shared.domain.template_definitions.CATEGORIES`."""


class Changes(TypedDict, total=False):
    """What of a template is to change; what is absent stays."""

    name: str
    language: str | None
    body: Mapping[str, Any]
    category: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which templates of a room are asked for."""

    status: str | None = None
    active: bool | None = None
    search: str | None = None
    """A part of the name, whatever its case."""


_COLUMNS: Final = tuple(templates.c[name] for name in Template.__dataclass_fields__)
_OPEN: Final = ("draft", "rejected")
"""What an author may change, submit and delete."""


def create(
    connection: Connection,
    account_id: UUID,
    channel: Channel,
    name: str,
    body: Mapping[str, Any],
    *,
    language: str | None = None,
    number: Number | None = None,
    submit: bool = True,
) -> Template:
    """Create a template that waits for its review, or a draft.

    Of one number Meta's name and language are taken once: raises :class:`AlreadyExists`. Raises :class:`Invalid` naming the field
    of ``body`` that is wrong.
    """
    values = _written(channel, {"name": name, "body": body, "language": language})
    if number is not None:
        _lock_number(connection, account_id, number.key_id, soon=submit)
        _check_untaken(connection, number.key_id, values["body"])
        values |= {"key_id": number.key_id, "category": number.category}
    owned = {"account_id": account_id, "channel": channel, "status": "pending" if submit else "draft"}
    return _template(connection.execute(insert(templates).values({**values, **owned}).returning(*_COLUMNS)).one()._mapping)


def change(connection: Connection, template_id: int, changes: Changes, room: Room) -> Template:
    """Change a draft, or what was rejected, which is a draft again. Raises as :func:`create`, and as :func:`submit`."""
    found = lock(connection, template_id, room)
    _check_open(found, "changed")
    if "category" in changes and found.key_id is None:
        raise Invalid("category", "is of WABA templates only")
    written: Changes = {"name": found.name, "language": found.language, "body": found.body, **changes}
    values = {**_written(found.channel, written), "category": changes.get("category", found.category)}
    if found.key_id is not None:
        _check_untaken(connection, found.key_id, values["body"], found.id)
    return _update(connection, found, **values, status="draft", status_reason=None)


def remove(connection: Connection, template_id: int, room: Room) -> None:
    """Delete a draft, or what was rejected and nobody is going to send. Raises as :func:`submit`."""
    found = lock(connection, template_id, room)
    _check_open(found, "deleted")
    if user := template_usage.user(connection, found.account_id, found.id):
        raise TooLate(f"{user} uses the template")
    connection.execute(delete(templates).where(templates.c.id == found.id))


def submit(connection: Connection, template_id: int, room: Room) -> Template:
    """Have a template judged. Raises :class:`NotFound`, and :class:`TooLate` for what is pending, approved or Meta's already."""
    found = find(connection, template_id, room)
    if found.key_id is not None:
        _lock_number(connection, found.account_id, found.key_id, soon=True)
    found = lock(connection, template_id, room)
    _check_open(found, "submitted")
    return _update(connection, found, status="pending", status_reason=None)


def approve(connection: Connection, template_id: int) -> Template:
    """Let a template be sent, by an operator's word. Raises :class:`NotFound`, and :class:`TooLate` for what is no operator's."""
    return _judge(connection, template_id, status="approved", status_reason=None)


def reject(connection: Connection, template_id: int, reason: str | None = None) -> Template:
    """Keep a template from being sent, with a reason for its author. Raises as :func:`approve`."""
    return _judge(connection, template_id, status="rejected", status_reason=reason)


def activate(connection: Connection, template_id: int, room: Room | None = None) -> Template:
    """Switch a template on. Raises :class:`NotFound`, and :class:`TooLate` where its provider has switched it off."""
    found = lock(connection, template_id, room)
    if found.off_by_provider:
        raise TooLate(f"the template is switched off at its provider: {found.status_reason}")
    return _update(connection, found, active=True)


def deactivate(connection: Connection, template_id: int, room: Room | None = None) -> Template:
    """Switch a template off; its review stands. It stays off, also when its provider switches it on. Raises :class:`NotFound`."""
    found = lock(connection, template_id, room)
    return _update(connection, found, active=False, **({"status_reason": None} if found.off_by_provider else {}))


def every(connection: Connection, account_id: UUID) -> list[Template]:
    """List an account's templates, the oldest first."""
    statement = select(*_COLUMNS).where(templates.c.account_id == account_id).order_by(templates.c.id)
    return [_template(row._mapping) for row in connection.execute(statement)]


def page(connection: Connection, room: Room, filters: Filters, limit: int, before_id: int | None = None) -> list[Template]:
    """Read at most ``limit`` templates of a room, the newest first, and below an id where one is given."""
    conditions = [*_of(room), *_filtered(filters)]
    if before_id is not None:
        conditions.append(templates.c.id < before_id)
    statement = select(*_COLUMNS).where(*conditions).order_by(templates.c.id.desc()).limit(limit)
    return [_template(row._mapping) for row in connection.execute(statement)]


def find(connection: Connection, template_id: int, room: Room | None = None) -> Template:
    """Find a template, of a room where one is given. Raises :class:`NotFound`."""
    return _one(connection, template_id, select(*_COLUMNS), room)


def lock(connection: Connection, template_id: int, room: Room | None = None) -> Template:
    """Find a template as :func:`find`, and keep others from changing it."""
    return _one(connection, template_id, select(*_COLUMNS).with_for_update(key_share=True), room)


def _one(connection: Connection, template_id: int, statement: Select[Any], room: Room | None) -> Template:
    known = 0 < template_id <= _MAX_ID
    row = connection.execute(statement.where(templates.c.id == template_id, *_of(room))).one_or_none() if known else None
    if row is None:
        raise NotFound(f"there is no template {template_id}")
    return _template(row._mapping)


def _of(room: Room | None) -> Collection[ColumnElement[bool]]:
    return () if room is None else (templates.c.account_id == room.account_id, templates.c.channel == room.channel)


def _filtered(filters: Filters) -> Collection[ColumnElement[bool]]:
    given = {
        "status": None if filters.status is None else templates.c.status == filters.status,
        "active": None if filters.active is None else templates.c.active.is_(filters.active),
        "search": None if filters.search is None else templates.c.name.icontains(filters.search, autoescape=True),
    }
    return [condition for condition in given.values() if condition is not None]


def _written(channel: Channel, given: Changes) -> dict[str, Any]:
    """Give the columns of what an author has written. Raises :class:`Invalid`."""
    if not given["name"].strip():
        raise Invalid("name", "must not be empty")
    try:
        parsed = content.parse_template(channel, given["body"])
    except ValidationError as error:
        raise invalid(error, "body") from error
    language = given["language"] or getattr(parsed, "language", None)
    return {"name": given["name"].strip(), "language": language, "body": content.dump(parsed)}


def _lock_number(connection: Connection, account_id: UUID, key_id: UUID, *, soon: bool) -> None:
    """Lock the number that a template belongs to, and have Meta asked soon where that is wanted."""
    statement = statements.ask_soon if soon else statements.lock_number
    if connection.execute(statement, {"account_ids": [account_id], "key_id": key_id}).one_or_none() is None:
        raise Invalid("key", "must be a channel key of this channel that is not revoked")


def _check_untaken(connection: Connection, key_id: UUID, body: JsonObject, except_id: int = 0) -> None:
    same = (templates.c.body["name"].as_string() == body["name"], templates.c.body["language"].as_string() == body["language"])
    taken = select(templates.c.id).where(templates.c.key_id == key_id, templates.c.id != except_id, *same)
    if connection.execute(taken.limit(1)).one_or_none():
        raise AlreadyExists(f"the number has a template {body['name']} in {body['language']} already")


def _check_open(found: Template, done: str) -> None:
    if found.provider_id is not None:
        raise TooLate(f"the template belongs to its provider, and cannot be {done} here")
    if found.status not in _OPEN:
        raise TooLate(f"the template is {found.status}, and cannot be {done}")


def _judge(connection: Connection, template_id: int, **values: Any) -> Template:
    found = lock(connection, template_id)
    if found.provider_id is not None:
        raise TooLate(f"template {template_id} is judged by its provider")
    if found.status == "draft":
        raise TooLate(f"template {template_id} is a draft: its author has not submitted it")
    return _update(connection, found, **values)


def _update(connection: Connection, found: Template, **values: Any) -> Template:
    changed = {**values, "updated_at": func.now()}
    statement = update(templates).where(templates.c.id == found.id).values(changed).returning(templates.c.updated_at)
    return replace(found, **values, updated_at=connection.execute(statement).scalar_one())


def _template(row: Mapping[Any, Any]) -> Template:
    return Template(**{**row, "channel": Channel(row["channel"])})
