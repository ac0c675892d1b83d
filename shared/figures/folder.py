"""The folder in which ``prometheus_client`` keeps what processes count (its multiprocess mode): a file per process and kind.

The library leaves the files of processes that have ended where they are. Here they are put together: a counter must not fall
when a worker ends, and a worker that restarts for ever must not fill the disk. Whoever does that, or reads, locks the folder.

The processes are told apart by their ids: those of one folder must see each other, so no two containers may share one.
"""

import fcntl
import json
import os
import struct
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import Metric, multiprocess, values
from prometheus_client.mmap_dict import MmapedDict

_log: Final = structlog.get_logger("figures")

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own; set before a process starts, it has that process count in the folder it names."""
_SIZES: Final = {"counter": 1 << 19, "histogram": 1 << 18, "gauge_livesum": 1 << 16}
"""Bytes of a process's files: twice what it takes when every channel has failed for every reason there is."""
_LASTING: Final = ("counter", "histogram")
_ENDED: Final = 0
"""The process to which the counts of those that have ended are ascribed; none has that id."""
_PATIENCE: Final = 5.0
"""Seconds for which another process is waited for that has locked the folder."""
_PAUSE: Final = 0.01


class Folder:
    """Such a folder. All methods raise :class:`OSError` when it cannot be used."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def begin(self) -> None:
        """Make room for this process: it has none of what a former one of its id merely was, and memory for what it will count.

        The library maps files with holes, and a process that writes into a hole is killed (SIGBUS) when the disk is full. These
        have none. What remains: a process with more series than fit doubles its file, with a hole.
        """
        self._bury(os.getpid())
        with self._locked():
            for kind, size in _SIZES.items():
                _allocate(self._file(kind, os.getpid()), size)

    def collect(self) -> list[Metric]:
        """Add up what all have counted, and what those are that live."""
        try:
            self.clean()
        except OSError as error:
            _log.warning("figures.not_cleaned", error=type(error).__name__, reason=error.strerror)
        with self._locked():
            return list(multiprocess.MultiProcessCollector(None, str(self._directory)).collect())

    def clean(self) -> None:
        """Put the files of those that have ended together."""
        for pid in {int(path.stem.rpartition("_")[2]) for path in self._directory.glob("*_*.db")} - {_ENDED}:
            if not _lives(pid):
                self._bury(pid)

    def _bury(self, pid: int) -> None:
        """Add what a process counted to what the ended ones have.

        Whoever is killed between the two last steps leaves a file that counts twice; in the other order, one that does not count.
        """
        with self._locked():
            multiprocess.mark_process_dead(pid, str(self._directory))
            for kind in _LASTING:
                if (file := self._file(kind, pid)).exists():
                    self._add(self._file(kind, _ENDED), _read(file))
                    file.unlink()

    def _add(self, together: Path, counted: Mapping[str, float]) -> None:
        """Write the sum beside the file, then put it into its place. Full disks are found out before anything is mapped."""
        total = defaultdict(float, _read(together))
        for key, value in counted.items():
            total[key] += value
        written = together.with_suffix(".new")
        written.unlink(missing_ok=True)
        _allocate(written, sum(len(key.encode()) + 32 for key in total) + 8)
        file = MmapedDict(str(written))
        for key, value in total.items():
            file.write_value(key, value, 0.0)
        file.close()
        written.replace(together)

    def _file(self, kind: str, pid: int) -> Path:
        return self._directory / f"{kind}_{pid}.db"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._directory / "lock").open("ab") as file:
            until = time.monotonic() + _PATIENCE
            while not _lock(file.fileno()):
                if time.monotonic() > until:
                    raise TimeoutError("another process keeps the folder of metrics locked")
                time.sleep(_PAUSE)
            yield


def of_process() -> Folder | None:
    """Give the folder in which this process was told to count, if any."""
    named = os.environ.get(VARIABLE)
    return Folder(Path(named)) if named else None


def begin() -> OSError | None:
    """Make room for what this process counts, before it makes its first metric; give why it counts in memory only, if it must."""
    folder = of_process()
    try:
        if folder:
            folder.begin()
    except OSError as error:
        values.ValueClass = values.MutexValue
        return error
    return None


def _read(path: Path) -> dict[str, float]:
    """Read a file; one that a machine that fell has spoilt has nothing."""
    try:
        found = {key: value for key, value, *_ in MmapedDict.read_all_values_from_file(str(path)) if json.loads(key)}
    except FileNotFoundError:
        return {}
    except (ValueError, RuntimeError, struct.error) as error:
        _log.warning("figures.spoilt", file=path.name, error=type(error).__name__)
        return {}
    return found


def _allocate(path: Path, size: int) -> None:
    """Make a file without holes. Raises :class:`OSError` when the disk is full."""
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _lives(pid: int) -> bool:
    """Whether a process of this user has an id: those of others do not write here."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError, OverflowError):
        return False
    return True


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
