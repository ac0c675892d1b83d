"""The files of an account: uploaded once (:mod:`shared.management.uploads`), sent as often as it likes.

Nothing comes to share the location of a row that is deleted, so that what no other row refers to then never will be.
"""

from dataclasses import dataclass, fields
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, Row, Select, delete, exists, func, select, update

from shared import file_links, ids, storage
from shared.db import clock
from shared.db.tables import files as table
from shared.domain.files import File
from shared.management.errors import NotFound, TooLate

_log: Final = structlog.get_logger("files")

COLUMNS: Final = tuple(table.c[field.name] for field in fields(File))
LIVE: Final = table.c.deleted_at.is_(None)
SWEEP_SECONDS: Final = 86_400.0
"""Seconds after which an upload that did not end is given up: longer than any takes."""
_UNKNOWN: Final = "there is no such file"
_SWEEP_ROWS: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the files must have in common; ``None`` asks nothing."""

    name: str | None = None
    """They are called so, or in part."""
    media_type: str | None = None
    """Their type, or the part of it before the slash."""


def load(connection: Connection, account_id: UUID, file_id: UUID) -> File:
    """Read a file. Raises :class:`NotFound`."""
    return _one(connection, _of(account_id).where(table.c.id == file_id))


def page(connection: Connection, account_id: UUID, filters: Filters, limit: int, before_id: UUID | None = None) -> list[File]:
    """List an account's files, the newest first, those with ids below ``before_id`` where one is given."""
    statement = _of(account_id).order_by(table.c.id.desc()).limit(limit)
    if filters.name is not None:
        statement = statement.where(table.c.name.icontains(filters.name, autoescape=True))
    if filters.media_type is not None:
        kind = table.c.media_type
        statement = statement.where(kind.startswith(f"{filters.media_type}/", autoescape=True) | (kind == filters.media_type))
    if before_id is not None:
        statement = statement.where(table.c.id < before_id)
    return [File(**row._mapping) for row in connection.execute(statement)]


def link(connection: Connection, account_id: UUID, file_id: UUID) -> file_links.Link:
    """Make a link under which anybody can fetch a file for a while. Raises :class:`NotFound`."""
    return file_links.make(load(connection, account_id, file_id), clock.read(connection))


def follow(connection: Connection, claimed: file_links.Claimed) -> File:
    """Give the file of a genuine link. Raises :class:`TooLate` when it has expired, :class:`NotFound` when the file is gone."""
    if connection.execute(select(func.now() >= claimed.expires_at)).scalar_one():
        raise TooLate("this link has expired")
    return _one(connection, select(*COLUMNS).where(table.c.id == claimed.file_id, LIVE))


def remove(database: Engine, account_id: UUID, file_id: UUID) -> None:
    """Delete a file, and its bytes where no other file has the same. Raises :class:`NotFound`."""
    deleted = update(table).where(table.c.account_id == account_id, table.c.id == file_id, LIVE).values(deleted_at=func.now())
    with database.begin() as connection:
        location = connection.execute(deleted.returning(table.c.location)).scalar_one_or_none()
    if location is None:
        raise NotFound(_UNKNOWN)
    clear(database, file_id, location)


def sweep(database: Engine, age_seconds: float = SWEEP_SECONDS) -> int:
    """Remove what files deleted so long ago, and uploads that never ended, have left behind; give how many they were.

    Ends with the first that fails: a store that is away would be waited for each time.
    """
    old = table.c.deleted_at <= func.now() - func.make_interval(0, 0, 0, 0, 0, 0, age_seconds)
    oldest = select(table.c.id, table.c.location).where(old).order_by(table.c.deleted_at).limit(_SWEEP_ROWS)
    with database.connect() as connection:
        left = connection.execute(oldest).all()
    return sum(1 for _ in takewhile(lambda row: clear(database, row.id, row.location), left))


def clear(database: Engine, deleted_id: UUID, location: str) -> bool:
    """Remove the bytes of a deleted row, unless another needs them, and the row. What fails is left to :func:`sweep`."""
    with database.connect() as connection:
        needed = connection.execute(select(exists().where(table.c.location == location, LIVE))).scalar_one()
    try:
        if not needed:
            storage.delete(location)
    except storage.StorageError as error:
        _log.warning("files.not_removed", file=ids.encode(ids.FILE, deleted_id), reason=str(error))
        return False
    with database.begin() as connection:
        return forget(connection, deleted_id)


def forget(connection: Connection, deleted_id: UUID) -> bool:
    """Delete the row of a deleted file, and tell whether there was one."""
    return connection.execute(delete(table).where(table.c.id == deleted_id, ~LIVE)).rowcount == 1


def _of(account_id: UUID) -> Select[Any]:
    return select(*COLUMNS).where(table.c.account_id == account_id, LIVE)


def _one(connection: Connection, statement: Select[Any]) -> File:
    row: Row[Any] | None = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound(_UNKNOWN)
    return File(**row._mapping)
