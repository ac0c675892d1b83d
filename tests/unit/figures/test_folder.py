"""Counters never fall, whoever dies when; gauges of the dead are gone; the folder does not grow."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import values

from shared.figures import folder as module
from shared.figures.folder import Folder
from tests.unit.figures.conftest import Count, Scrape

_COUNTED = "antar_recovered_total what=deliveries"
_CALLS = (
    "antar_call_seconds_bucket le=0.5",
    "antar_call_seconds_bucket le=2.0",
    "antar_call_seconds_count",
    "antar_call_seconds_sum",
)
_GAUGE = "antar_processes"


def _failing(*_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_processes_are_added_up(count: Count, scrape: Scrape) -> None:
    for pid in (11, 12, 13):
        count(pid, pid)
    found = scrape()
    assert (found[_COUNTED], found[_GAUGE]) == (36, 3)
    assert [found[name] for name in _CALLS] == [0, 3, 3, 3]


def test_what_the_dead_have_counted_stays_and_what_they_were_goes(count: Count, living: set[int], scrape: Scrape) -> None:
    for pid in (11, 12, 13):
        count(pid, pid)
    living -= {11, 13}
    for _ in range(2):
        found = scrape()
        assert (found[_COUNTED], found[_GAUGE]) == (36, 1)
        assert [found[name] for name in _CALLS] == [0, 3, 3, 3]
    living.clear()
    assert scrape()[_COUNTED] == 36
    assert _GAUGE not in scrape()


def test_a_worker_that_restarts_for_ever_fills_no_disk(count: Count, living: set[int], folder: Folder, directory: Path) -> None:
    for pid in range(100, 150):
        living.clear()
        count(pid)
        folder.clean()
        assert len(list(directory.iterdir())) <= 6
    living.clear()
    folder.clean()
    assert sorted(path.name for path in directory.iterdir()) == ["counter_0.db", "histogram_0.db", "lock"]
    assert sum(path.stat().st_size for path in directory.iterdir()) < 4096


def test_an_id_that_is_given_again_counts_on(count: Count, scrape: Scrape, folder: Folder) -> None:
    """The new process is nothing yet of what the former one was."""
    count(11, 5)
    folder.begin()
    assert (scrape()[_COUNTED], _GAUGE in scrape()) == (5, False)
    count(11, 2)
    assert (scrape()[_COUNTED], scrape()[_GAUGE]) == (7, 1)


def test_a_process_finds_files_without_holes(directory: Path, folder: Folder, count: Count) -> None:
    folder.begin()
    files = list(directory.glob("*.db"))
    assert {path.name for path in files} == {f"{kind}_{os.getpid()}.db" for kind in module._SIZES}
    assert all(path.stat().st_blocks * 512 >= path.stat().st_size > 0 for path in files)
    before = {path: path.stat().st_size for path in files}
    count(os.getpid(), begin=False)
    assert {path: path.stat().st_size for path in files} == before


def test_the_library_looks_where_room_was_made(directory: Path, count: Count) -> None:
    count(11, begin=False)
    assert {path.name for path in directory.glob("*.db")} == {f"{kind}_11.db" for kind in module._SIZES}


@pytest.mark.parametrize("trouble", [_failing, None])
def test_a_process_that_has_no_room_counts_in_memory(directory: Path, monkeypatch: pytest.MonkeyPatch, trouble: Any) -> None:
    if trouble:
        monkeypatch.setattr(os, "posix_fallocate", trouble)
    else:
        directory.rmdir()
    values.ValueClass = values.MultiProcessValue()
    assert isinstance(module.begin(), OSError)
    assert values.ValueClass is values.MutexValue


def test_a_process_that_has_room_counts_there(directory: Path) -> None:
    chosen = values.ValueClass = values.MultiProcessValue()
    assert module.begin() is None
    assert values.ValueClass is chosen
    assert list(directory.glob("*.db"))


def test_a_full_disk_leaves_everything_as_it_is(
    count: Count, living: set[int], scrape: Scrape, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(11, 5)
    count(12, 6)
    living.clear()
    with monkeypatch.context() as full:
        full.setattr(os, "posix_fallocate", _failing)
        assert scrape()[_COUNTED] == 11
        assert not (directory / "counter_0.db").exists()
    assert scrape()[_COUNTED] == 11
    assert (directory / "counter_0.db").exists()


@pytest.mark.parametrize(("step", "expected"), [("replace", 11), ("unlink", 16)])
def test_who_is_killed_while_cleaning_loses_nothing(
    count: Count, living: set[int], scrape: Scrape, folder: Folder, monkeypatch: pytest.MonkeyPatch, step: str, expected: float
) -> None:
    """One file at the most counts twice, and that only between the two last steps."""
    count(11, 5)
    count(12, 6)
    living.remove(11)
    with monkeypatch.context() as killed:
        killed.setattr(Path, step, lambda *_, **given: None if given else _failing())
        with pytest.raises(OSError, match="No space"):
            folder.clean()
    assert scrape()[_COUNTED] == expected
    assert scrape()[_COUNTED] == expected


@pytest.mark.parametrize(
    "content", [b"", b"\x01", b"\xff" * 4096, (200).to_bytes(4, "little") + bytes(300), (64).to_bytes(8, "little") + b"x" * 300]
)
@pytest.mark.parametrize("name", ["counter_0.db", "counter_11.db", "histogram_11.db"])
def test_what_a_machine_that_fell_has_left_is_passed_over(
    count: Count, living: set[int], scrape: Scrape, directory: Path, name: str, content: bytes
) -> None:
    for pid in (11, 12, 13):
        count(pid, pid)
    living -= {11, 12}
    (directory / name).write_bytes(content)
    assert scrape()[_COUNTED] == (25 if name == "counter_11.db" else 36)
    assert scrape()[_CALLS[2]] == (2 if name == "histogram_11.db" else 3)


def test_who_waits_for_the_folder_gives_up(directory: Path, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.02)
    with (directory / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError):
            folder.collect()
    assert folder.collect() == []


def test_who_lives() -> None:
    assert module._lives(os.getpid())
    assert not module._lives(2**31 - 1)
    assert not module._lives(2**40)
