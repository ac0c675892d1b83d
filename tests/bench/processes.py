"""What processes spend and hold, and stopping them where they are."""

import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psutil

LOAD: Final = "load"
"""The process that measures, which posts as well."""

Pids = Mapping[str, Iterable[int]]
"""Processes by what they do."""

_MICROSECONDS: Final = 1e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Bytes that processes hold."""

    resident: int
    """With all pages they share, counted for each of them."""
    proportional: int
    """With their part of the pages they share."""


def family(pid: int) -> list[int]:
    """Give a process and all it has started."""
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]


def cpu(pids: Pids) -> dict[str, float]:
    """Give the seconds of CPU that processes have spent, this one included."""
    spent = {name: sum(map(_seconds, members)) for name, members in pids.items()}
    return {**spent, LOAD: sum(os.times()[:2])}


def _seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def spent(before: Mapping[str, float], after: Mapping[str, float], sends: int) -> dict[str, float]:
    """Give microseconds of CPU per send, by what the processes do."""
    return {name: (after[name] - before[name]) * _MICROSECONDS / sends for name in before}


def memory(pids: Iterable[int]) -> Memory:
    """Add up what processes hold."""
    infos = [psutil.Process(pid).memory_full_info() for pid in pids]
    return Memory(resident=sum(info.rss for info in infos), proportional=sum(info.pss for info in infos))


@contextmanager
def frozen(pids: Iterable[int]) -> Iterator[None]:
    """Stop processes where they are for the time of the block."""
    stopped = list(pids)
    _signal(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(stopped, signal.SIGCONT)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)
