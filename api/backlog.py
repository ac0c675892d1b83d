"""Letting work in only while little enough of it waits: new sends, and what providers post.

What waits is counted in Postgres, which is there whenever anything can be accepted at all: neither Redis nor a worker is needed to
learn that the workers are gone. Each process counts for itself, in a thread of its own, about once a second, and only while work
comes or is refused; a request compares one number. Between two counts a process reckons with what it accepts itself, so that the
bound is exceeded only by what other processes accept meanwhile, and by what falls due or opens of sends that were accepted before.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.errors import Overloaded
from shared.domain import backlog
from shared.domain.backlog import Reading, Refusal

_log: Final = structlog.get_logger("backlog")
_INTERVAL: Final = 1.0
"""Seconds between two counts."""
_REST: Final = 50
"""How many times longer than a count took the next is waited for: counting is to cost Postgres no more than 2 % of a core."""
_LONGEST: Final = 10.0
"""Seconds between two counts, however long they take: one that hung must not be believed for long."""
_IN_NEED: Final = 10
"""How many times sooner the next count comes when a process has used up its room: workers may have made some meanwhile."""
_SOON: Final = 2
"""Seconds after which to try again when only this process's own reckoning says that there is no room: a count follows."""


class Backlog:
    """What a process knows of one kind of work that waits, and the thread that counts it."""

    def __init__(self, kind: str, most: int, count: Callable[[], int]) -> None:
        self._kind = kind
        self._most = most
        self._count = count
        self._asked = threading.Event()
        self._needed = threading.Event()
        self._lock = threading.Lock()
        self._accepted = 0
        self._room = most
        self._refusal: Refusal | None = None
        self._refused = 0
        self._known = True
        threading.Thread(target=self._run, name="backlog", daemon=True).start()

    def admit(self) -> None:
        """Let one more in. Raises :class:`Overloaded` when too many wait already."""
        if not self._asked.is_set():
            self._asked.set()
        if self._room <= 0:
            self._refused += 1
            raise Overloaded(self._refusal.retry_after if self._refusal else _SOON)

    def add(self, number: int) -> None:
        """Take note of what was just committed and now waits."""
        with self._lock:
            self._accepted += number
            self._room -= number
        if self._room <= 0:
            self._needed.set()

    def _run(self) -> None:
        while True:
            if self._refusal is None:
                self._asked.wait()
            self._asked.clear()
            started = time.monotonic()
            self._look()
            self._pause(pause(time.monotonic() - started))

    def _pause(self, seconds: float) -> None:
        least = seconds / _IN_NEED
        time.sleep(least)
        self._needed.wait(seconds - least)
        self._needed.clear()

    def _look(self) -> None:
        """Count. Should that fail, what was known last holds, and what is accepted meanwhile still takes its room."""
        accepted_before = self._accepted
        try:
            reading = Reading(waiting=self._count(), at=time.monotonic())
        except SQLAlchemyError as error:
            self._miss(error)
        except Exception:  # noqa: BLE001 - the thread outlives a bug: without it nothing would be accepted again.
            _log.exception("backlog.bug", kind=self._kind)
        else:
            self._known = True
            self._settle(reading, accepted_before)

    def _miss(self, error: Exception) -> None:
        if self._known:
            _log.warning("backlog.not_known", kind=self._kind, error=type(error).__name__)
        self._known = False

    def _settle(self, reading: Reading, accepted_before: int) -> None:
        before, self._refusal = self._refusal, backlog.judge(self._refusal, reading, self._most)
        with self._lock:
            since = self._accepted - accepted_before
            self._room = 0 if self._refusal else self._most - reading.waiting - since
        if (before is None) != (self._refusal is None):
            self._tell(reading)

    def _tell(self, reading: Reading) -> None:
        """Say once that work is refused, and once that it no longer is, with how much it was."""
        about = {"kind": self._kind, "waiting": reading.waiting, "most": self._most}
        if self._refusal:
            _log.warning("backlog.refusing", **about)
        else:
            _log.warning("backlog.accepting", **about, refused=self._refused)
            self._refused = 0


def pause(took: float) -> float:
    """Give the seconds to the next count after one that took so many."""
    return min(_LONGEST, max(_INTERVAL, _REST * took))
