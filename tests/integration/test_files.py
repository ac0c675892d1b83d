"""Files in the database and in the store, whatever happens at the same time and whatever breaks off in between."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, update

from deploy.local.stack import Stack
from shared import ids, storage
from shared.db.tables import files as table
from shared.domain.files import File
from shared.management import accounts, files, uploads
from shared.management.errors import NotFound, TooLate
from shared.management.uploads import Upload
from tests.integration import s3_server, this_process

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """An account's files, and where they lie."""

    database: Engine
    account_id: UUID
    directory: Path

    def store(self, octets: bytes, name: str = "a.png", chunks: Any = None) -> tuple[File, bool]:
        upload = Upload(name=name, declared_type=None, chunks=[octets] if chunks is None else chunks)
        return uploads.store(self.database, self.account_id, upload)

    def remove(self, file: File) -> None:
        files.remove(self.database, self.account_id, file.id)

    def bytes_kept(self) -> int:
        """Count the files in the directory, of any account."""
        return sum(each.is_file() for each in self.directory.rglob("*"))

    def rows(self) -> int:
        """Count the account's rows, those of what is deleted among them."""
        asked = select(func.count()).where(table.c.account_id == self.account_id)
        with self.database.connect() as connection:
            return int(connection.execute(asked).scalar_one())

    def age(self) -> None:
        """Let a day pass for what is deleted."""
        longer = func.make_interval(0, 0, 0, 0, 0, 0, files.SWEEP_SECONDS)
        mine = (table.c.account_id == self.account_id) & table.c.deleted_at.is_not(None)
        with self.database.begin() as connection:
            connection.execute(update(table).where(mine).values(deleted_at=table.c.deleted_at - longer))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def database(stack: Stack, directory: Path) -> Iterator[Engine]:
    with this_process.set_up({**stack.environment(), "ANTAR_FILES_URL": directory.as_uri()}) as engine:
        yield engine


@pytest.fixture
def shelf(database: Engine, directory: Path) -> Shelf:
    with database.begin() as connection:
        account_id = accounts.create(connection, f"files {ids.new()}").id
    return Shelf(database=database, account_id=account_id, directory=directory)


def picture() -> bytes:
    return PNG + os.urandom(500)


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Do things at the same moment, and give what came of each."""
    ready = threading.Barrier(len(steps))

    def begin(step: Callable[[], Any]) -> Any:
        ready.wait()
        return step()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(begin, steps))


def test_the_same_file_uploaded_by_many_at_once_is_one(shelf: Shelf) -> None:
    octets, before = picture(), shelf.bytes_kept()
    made = at_once(*(lambda: shelf.store(octets) for _ in range(6)))
    assert len({file.id for file, _ in made}) == 1
    assert sum(new for _, new in made) == 1
    assert (shelf.rows(), shelf.bytes_kept()) == (1, before + 1)


def test_bytes_stay_while_anything_needs_them_however_close_deleting_and_uploading_are(shelf: Shelf) -> None:
    before = shelf.bytes_kept()
    for _ in range(10):
        octets = picture()
        first, _ = shelf.store(octets, "first.png")
        (second, _), _ = at_once(lambda: shelf.store(octets, "second.png"), lambda: shelf.remove(first))  # noqa: B023 - it ends here.
        assert b"".join(storage.read(second.location)) == octets
        shelf.remove(second)
    assert (shelf.rows(), shelf.bytes_kept()) == (0, before)


def test_two_that_share_their_bytes_and_are_deleted_at_once_leave_none(shelf: Shelf) -> None:
    before = shelf.bytes_kept()
    for _ in range(10):
        octets = picture()
        pair = [shelf.store(octets, name)[0] for name in ("a.png", "b.png")]
        assert pair[0].location == pair[1].location
        at_once(*(lambda each=each: shelf.remove(each) for each in pair))
    assert (shelf.rows(), shelf.bytes_kept()) == (0, before)


def test_what_is_deleted_is_gone_once(shelf: Shelf) -> None:
    file, _ = shelf.store(picture())
    shelf.remove(file)
    with pytest.raises(NotFound):
        shelf.remove(file)


class _Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("stored", [False, True])
def test_what_a_process_that_died_has_stored_is_swept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, *, stored: bool) -> None:
    before, save = shelf.bytes_kept(), storage.save

    def die(location: str, chunks: Any) -> int:
        if stored:
            save(location, chunks)
        raise _Killed

    monkeypatch.setattr(storage, "save", die)
    with pytest.raises(_Killed):
        shelf.store(picture())
    assert (shelf.rows(), shelf.bytes_kept()) == (1, before + stored)
    with shelf.database.connect() as connection:
        assert files.page(connection, shelf.account_id, files.Filters(), 10) == []
    files.sweep(shelf.database)
    assert (shelf.rows(), shelf.bytes_kept()) == (1, before + stored)
    shelf.age()
    assert files.sweep(shelf.database) == 1
    assert (shelf.rows(), shelf.bytes_kept()) == (0, before)


def test_an_upload_that_was_given_up_meanwhile_is_no_file(shelf: Shelf) -> None:
    def slow() -> Iterator[bytes]:
        yield picture().ljust(2000)
        shelf.age()
        files.sweep(shelf.database)
        yield b"the rest"

    with pytest.raises(TooLate, match="the upload took too long"):
        shelf.store(b"", chunks=slow())
    assert shelf.rows() == 0


def test_a_store_that_is_away_keeps_what_is_to_be_removed_for_later(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    file, _ = shelf.store(picture())
    kept = shelf.bytes_kept()

    def away(location: str) -> None:
        raise storage.StorageError(location)

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", away)
        shelf.remove(file)
        shelf.age()
        assert files.sweep(shelf.database) == 0
    assert (shelf.rows(), shelf.bytes_kept()) == (1, kept)
    assert files.sweep(shelf.database) == 1
    assert (shelf.rows(), shelf.bytes_kept()) == (0, kept - 1)


def test_a_file_in_a_bucket(stack: Stack) -> None:
    octets = picture().ljust(2 * storage.PART_BYTES, b"\0")
    with s3_server.serve() as bucket, this_process.set_up({**stack.environment(), "ANTAR_FILES_URL": bucket.url}) as database:
        with database.begin() as connection:
            account_id = accounts.create(connection, f"bucket {ids.new()}").id
        shelf = Shelf(database=database, account_id=account_id, directory=Path("/nowhere"))
        file, _ = shelf.store(octets)
        assert bucket.objects == {f"some/prefix/{file.location}": octets}
        assert b"".join(storage.read(file.location)) == octets
        shelf.remove(file)
        assert bucket.objects == {}
        assert {"POST begin", "PUT part", "POST complete", "GET", "DELETE"} <= set(bucket.asked)
