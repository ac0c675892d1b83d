"""The journal: outcomes on disk, found by the next process and by no other."""

import errno
import fcntl
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.domain.outcome import NotSent, Sent
from tests.unit.factories import claim, result
from worker.deliver import record
from worker.deliver.record import Record
from worker.runtime.journal import Journal

_A_WRITER = """
import sys
from pathlib import Path
from worker.runtime.journal import Journal
from tests.unit.runtime.test_journal import made
journal = Journal(Path(sys.argv[1]))
journal.append([made(), made()])
print("written", flush=True)
sys.stdin.read()
"""


def made() -> Record:
    return record.of(result(claim=claim(), outcome=Sent(provider_message_id="42:1")), "host:1")


def found(directory: Path) -> list[tuple[Record, ...]]:
    return [each.records for each in Journal(directory).abandoned()]


def left(directory: Path, *records: Record) -> Path:
    """Let a process write records and die."""
    journal = Journal(directory)
    journal.append(records)
    journal.close()
    (path,) = directory.glob("*.jsonl")
    return path


@contextmanager
def another_process(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that holds two outcomes on disk."""
    command = [sys.executable, "-c", _A_WRITER, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own program.
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        yield process
        process.kill()


def test_what_a_dead_process_left_is_found_once_it_is_dead(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        assert found(tmp_path) == []
        process.kill()
        process.wait()
        (records,) = found(tmp_path)
    assert [each.outcome for each in records] == ["sent", "sent"]


def test_of_two_that_look_one_finds_it(tmp_path: Path) -> None:
    left(tmp_path, made())
    first, second = Journal(tmp_path).abandoned(), Journal(tmp_path).abandoned()
    assert next(first).records
    assert list(second) == []


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    records = (made(), made())
    left(tmp_path, *records)
    assert found(tmp_path) == [records]


def test_what_was_recorded_is_not_found_again(tmp_path: Path) -> None:
    left(tmp_path, made())
    for each in Journal(tmp_path).abandoned():
        each.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_was_found_and_not_recorded_is_found_again(tmp_path: Path) -> None:
    left(tmp_path, made())
    assert found(tmp_path) == found(tmp_path) != []


def test_a_file_that_another_has_just_removed_is_passed_over(tmp_path: Path) -> None:
    looking = Journal(tmp_path).abandoned()
    paths = {left(tmp_path, made())}
    (other,) = tmp_path.glob("*.jsonl")
    copied = tmp_path / "0.jsonl"
    copied.write_bytes(other.read_bytes())
    assert next(looking).path == copied
    paths.pop().unlink()
    assert list(looking) == []


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    first, second = made(), made()
    path = left(tmp_path, first, second)
    path.write_bytes(path.read_bytes()[:-20])
    with capture_logs() as lines:
        assert found(tmp_path) == [(first,)]
    assert [(line["event"], line["line"]) for line in lines] == [("journal.unreadable", 2)]


@pytest.mark.parametrize("rubbish", [b"\xff\xfe\n", b"{}\n", b"null\n", b"\n", b"\0" * 512])
def test_what_is_no_record_is_reported_and_passed_over(tmp_path: Path, rubbish: bytes) -> None:
    each = made()
    path = left(tmp_path, each)
    path.write_bytes(path.read_bytes() + rubbish)
    with capture_logs() as lines:
        assert found(tmp_path) == [(each,)]
    assert [line["event"] for line in lines] == ["journal.unreadable"]


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "down")
    journal.clear()
    journal.close()
    assert list((tmp_path / "deep" / "down").iterdir()) == []


def test_what_is_in_postgres_after_all_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([made()])
    journal.clear()
    last = made()
    journal.append([last])
    journal.close()
    assert found(tmp_path) == [(last,)]


def test_an_empty_file_is_taken_away(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([made()])
    journal.clear()
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_after_its_end_it_begins_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first, second = made(), made()
    journal.append([first])
    journal.close()
    journal.append([second])
    journal.close()
    assert [each for records in found(tmp_path) for each in records] == [first, second]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    path = left(directory, made())
    assert [stat.S_IMODE(each.stat().st_mode) for each in (directory, path)] == [0o700, 0o600]


def test_a_file_is_locked_before_others_can_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    lock = fcntl.flock

    def look(file: object, operation: int) -> None:
        seen.append(sorted(each.suffix for each in tmp_path.iterdir()))
        lock(file, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", look)
    journal = Journal(tmp_path)
    journal.append([made()])
    assert seen == [[".new"]]
    assert [each.suffix for each in tmp_path.iterdir()] == [".jsonl"]
    journal.close()


@pytest.mark.parametrize("mode", [0o500, 0o600])
def test_a_directory_that_cannot_be_written_to_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    """By what the system says of it: root may write anywhere."""
    monkeypatch.setattr(os, "access", lambda _path, asked: not asked & ~(mode >> 6))
    with pytest.raises(PermissionError, match="ANTAR_JOURNAL_DIR"):
        Journal(tmp_path)


def test_another_users_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(PermissionError, match=rf"ANTAR_JOURNAL_DIR: .* is user {owner}'s, and this worker runs as {owner + 1}"):
        Journal(tmp_path)


def test_a_file_in_its_place_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("")
    with pytest.raises(FileExistsError, match=r"ANTAR_JOURNAL_DIR: cannot make .*journal: File exists"):
        Journal(tmp_path / "journal")


def test_a_folder_below_a_file_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"ANTAR_JOURNAL_DIR: cannot make .*journal: Not a directory"):
        Journal(tmp_path / "file" / "journal")


def test_a_full_disk_is_told_and_costs_nothing_of_what_is_there(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: beyond it a write is cut short, and the next one refused."""
    journal, first, last = Journal(tmp_path), made(), made()
    journal.append([first])
    size = next(tmp_path.iterdir()).stat().st_size
    with _room_for(size + 100), pytest.raises(OSError, match="File too large"):
        journal.append([made()])
    journal.append([last])
    journal.close()
    assert found(tmp_path) == [(first, last)]


@contextmanager
def _room_for(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_words_of_a_provider_stay_on_one_line(tmp_path: Path) -> None:
    hostile = NotSent(code="provider_error", reason="a\nb\u2028c\r\n", action="next")  # type: ignore[arg-type]
    each = record.of(result(outcome=hostile), "host:1")
    left(tmp_path, each)
    assert found(tmp_path) == [(each,)]


def test_its_own_file_is_no_dead_process_s_where_locks_do_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS locks a file for a process, and not for the one that opened it."""
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    journal = Journal(tmp_path)
    journal.append([made()])
    assert list(journal.abandoned()) == []
    journal.close()


def test_a_file_is_open_for_writing_while_it_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS refuses to lock it otherwise."""
    left(tmp_path, made())
    modes: list[str] = []
    monkeypatch.setattr(fcntl, "flock", lambda file, _: modes.append(file.mode))
    assert len(found(tmp_path)) == 1
    assert modes == ["rb+"]


def test_a_file_that_cannot_be_locked_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="no locks"):
        Journal(tmp_path).append([made()])
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_to_forget_is_read_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append([made()])
    monkeypatch.setattr(journal, "_file", _Failing(journal._file))
    journal.clear()
    journal.close()
    assert len(found(tmp_path)) == 1


class _Failing:
    """A file on a disk that takes nothing any more."""

    def __init__(self, file: object) -> None:
        self._file = file

    def truncate(self, _: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)
