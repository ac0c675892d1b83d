"""Outcomes on disk while Postgres is away: each process has a file of its own, and what a dead one left is found by the next.

The files hold what the rows would, a provider's words included, and are readable by their owner only. What is read twice, or was
committed after all, changes nothing when it is recorded again.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO, Final

import structlog
from pydantic import TypeAdapter, ValidationError

from shared import ids
from worker.deliver.record import Record

_log: Final = structlog.get_logger("journal")
_RECORD: Final = TypeAdapter(Record)
_SUFFIX: Final = ".jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Abandoned:
    """What a dead process left."""

    path: Path
    records: tuple[Record, ...]

    def remove(self) -> None:
        """Forget it: all of it is in Postgres."""
        self.path.unlink(missing_ok=True)


class Journal:
    """The file of this process, made when it is first needed, and the way to those of others."""

    def __init__(self, directory: Path) -> None:
        """Prepare the directory. Raises :class:`OSError` when it cannot be made or written to, or is another user's."""
        _prepare(directory)
        self._directory = directory
        self._path: Path | None = None
        self._file: FileIO | None = None

    def append(self, records: Iterable[Record]) -> None:
        """Write records down; they are on disk when this returns. Raises :class:`OSError`, and leaves no half of a line then."""
        self._file = self._file or self._create()
        size = self._file.seek(0, os.SEEK_END)
        try:
            _write(self._file, b"".join(_RECORD.dump_json(record) + b"\n" for record in records))
        except OSError:
            self._file.truncate(size)
            raise

    def clear(self) -> None:
        """Forget what was written: all of it is in Postgres. What a disk that fails keeps is only read once more."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)

    def close(self) -> None:
        """Let go of the file. What it still holds is for the next start."""
        if self._file is not None:
            if self._path and not os.fstat(self._file.fileno()).st_size:
                self._path.unlink()
            self._file.close()
            self._file = None

    def abandoned(self) -> Iterator[Abandoned]:
        """Find what dead processes left, one at a time; nobody else finds it meanwhile.

        NFS keeps a process from no file that it has locked itself, and locks none that is not open for writing.
        """
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            if path == self._path:
                continue
            try:
                file = path.open("r+b")
            except FileNotFoundError:
                continue
            with file:
                if _lock(file):
                    yield Abandoned(path=path, records=tuple(_read(file)))

    def _create(self) -> FileIO:
        """Make a new file, locked before it bears the name that others look for."""
        self._path = self._directory / f"{ids.new()}{_SUFFIX}"
        hidden = self._path.with_suffix(".new")
        file = FileIO(os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o600), "ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            hidden.rename(self._path)
        except OSError:
            file.close()
            hidden.unlink()
            raise
        return file


def _prepare(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(error.errno, f"ANTAR_JOURNAL_DIR: cannot make {directory}: {error.strerror}") from error
    owner, user = directory.stat().st_uid, os.geteuid()
    if owner != user:
        raise PermissionError(f"ANTAR_JOURNAL_DIR: {directory} is user {owner}'s, and this worker runs as {user}: name another")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(f"ANTAR_JOURNAL_DIR: {directory} cannot be written to")


def _write(file: FileIO, lines: bytes) -> None:
    """Write all of it: a disk that becomes full takes a part before it says so."""
    while lines:
        lines = lines[file.write(lines) :]
    os.fsync(file.fileno())


def _lock(file: IO[bytes]) -> bool:
    """Lock a file whose process is dead; a living one holds the lock itself."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[bytes]) -> Iterator[Record]:
    """Read the lines that were written whole: the last may have been cut off by the end of its process."""
    for number, line in enumerate(file, start=1):
        try:
            yield _RECORD.validate_json(line)
        except ValidationError:
            _log.warning("journal.unreadable", file=file.name, line=number)
