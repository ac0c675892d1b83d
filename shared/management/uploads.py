"""Taking in a file, of any size, in bounded memory.

An upload has a row that counts as deleted before its first byte is stored, and the file gets its own once the last one is. Whatever
happens in between, a deleted row says where bytes may lie that nobody needs: :func:`shared.management.files.sweep` removes both.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from shared import ids, settings, storage
from shared.db.tables import files as table
from shared.domain import files, media_types
from shared.domain.files import File
from shared.management.errors import Invalid, TooLate
from shared.management.files import COLUMNS, LIVE, clear, forget

_FIELD: Final = "file"


class TooLarge(Invalid):
    """A file is larger than ``ANTAR_MAX_FILE_BYTES``."""

    def __init__(self) -> None:
        super().__init__(_FIELD, f"is larger than {settings.get().max_file_bytes} bytes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file on its way."""

    name: str
    declared_type: str | None
    """The ``Content-Type`` it came with."""
    chunks: Iterable[bytes]
    """Its bytes; read once, and not to the end when it is refused."""


def store(database: Engine, account_id: UUID, upload: Upload) -> tuple[File, bool]:
    """Store a file, and tell whether it is new: the same bytes under the same name are the file that is there already.

    Raises:
        Invalid: it is of a type that is not taken, is not what it is called, or has no name that can be shown.
        TooLarge: it is too large.
        shared.storage.StorageError: it could not be stored.
    """
    name, media_type, chunks = _judged(upload)
    reserved = _reserve(database, account_id, name)
    measured = _Measured(chunks)
    storage.save(reserved.location, measured)
    file_id = ids.new()
    values = {"name": name, "media_type": media_type, "size_bytes": measured.size, "sha256": measured.digest()}
    with database.begin() as connection:
        stored = _settle(connection, reserved, {"id": file_id, "account_id": account_id, **values})
    if stored.location != reserved.location:
        clear(database, reserved.id, reserved.location)
    return stored, stored.id == file_id


class _Measured:
    """Chunks on their way, counted and hashed. Raises :class:`TooLarge` when they are too many."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hash = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        limit = settings.get().max_file_bytes
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > limit:
                raise TooLarge
            self._hash.update(chunk)
            yield chunk

    def digest(self) -> bytes:
        return self._hash.digest()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reserved:
    """Where an upload goes, and the row that says so until it is done."""

    id: UUID
    location: str


def _judged(upload: Upload) -> tuple[str, str, Iterator[bytes]]:
    """Give a file's name, its type, and its bytes with the first ones. Raises :class:`Invalid`."""
    chunks = iter(upload.chunks)
    try:
        name = files.clean_name(upload.name)
        head = _head(chunks)
        media_type = media_types.judge(head[: media_types.HEAD_BYTES], name, upload.declared_type)
    except media_types.UnacceptableFile as error:
        raise Invalid(_FIELD, str(error)) from None
    return name, media_type, _followed(head, chunks)


def _head(chunks: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < media_types.HEAD_BYTES and (chunk := next(chunks, None)) is not None:
        head += chunk
    return head


def _followed(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _reserve(database: Engine, account_id: UUID, name: str) -> _Reserved:
    made = ids.new()
    reserved = _Reserved(id=made, location=f"files/{ids.encode(ids.ACCOUNT, account_id)}/{ids.encode(ids.FILE, made)}")
    nothing_yet = {"media_type": "", "size_bytes": 0, "sha256": b"", "deleted_at": func.now()}
    values = {"id": made, "account_id": account_id, "name": name, "location": reserved.location, **nothing_yet}
    with database.begin() as connection:
        connection.execute(plain_insert(table).values(values))
    return reserved


def _settle(connection: Connection, reserved: _Reserved, values: dict[str, Any]) -> File:
    """Write the row of a file whose bytes are stored, where others with the same bytes are if there are any.

    The first of their rows is locked: who deletes it waits, and then finds that it is not the last one; who uploads the same waits
    likewise. Raises :class:`TooLate` when the upload was given up meanwhile.
    """
    same = select(table.c.location).where(table.c.account_id == values["account_id"], table.c.sha256 == values["sha256"], LIVE)
    first = same.order_by(table.c.id).limit(1).with_for_update(key_share=True)
    location = connection.execute(first).scalar_one_or_none()
    written = insert(table).values(**values, location=location or reserved.location)
    again = written.on_conflict_do_update(
        index_elements=["account_id", "sha256", "name"], index_where=LIVE, set_={"name": written.excluded.name}
    )
    stored = File(**connection.execute(again.returning(*COLUMNS)).one()._mapping)
    if stored.location == reserved.location and not forget(connection, reserved.id):
        raise TooLate("the upload took too long")
    return stored
