"""A worker's watch on itself: one that is alive and does not work ends itself, so that its supervisor starts it anew.

Celery's consumers have come back from a lost connection without consuming again, in several ways over the years (celery#8030,
celery#10302, kombu#2007, kombu#2492). None of them shows in the process, so this looks at what it is there for.
"""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis
import structlog
from celery.worker import state
from redis.exceptions import RedisError

from shared import consumption, settings
from shared.consumption import Backlog
from worker.runtime.process import Runtime

_log: Final = structlog.get_logger("watchdog")
_TICK: Final = 1.0
"""Seconds between notes of what was taken."""
_LONGEST_INTERVAL: Final = 10.0
"""Seconds between looks at the queues, at the most."""
_LOOKS: Final = 6
"""Looks within the time after which a queue counts as stalled, at the least."""
_SUSPENDED: Final = 5.0
"""Seconds by which a look may be late; this process was stopped if it is later, and has had no chance to work."""
_RECONNECTING: Final = 35.0
"""Seconds a worker has to come back after the broker: Celery pauses up to 30 between two tries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a worker sees of itself and its queues."""

    elapsed: float
    """Seconds since the last look."""
    late: bool
    """Whether that is longer than it should have been."""
    busy: bool
    """Whether it has taken or run anything since, or runs something."""
    backlogs: Sequence[Backlog] | None
    """Its queues; ``None`` while the broker is away."""


def idle_for(idle: float, look: Look) -> float:
    """Give the seconds for which a worker could have worked and did not; below 0 while it may still be reconnecting."""
    if look.backlogs is None:
        return -_RECONNECTING
    if look.busy or look.late:
        return min(idle, 0.0)
    return idle + look.elapsed


def stalled(idle: float, look: Look, after: float) -> Backlog | None:
    """Give the queue that proves a worker to be stuck: for ``after`` seconds nobody took from it, and this worker was free to."""
    if idle < after:
        return None
    return next((each for each in look.backlogs or () if each.untouched >= after), None)


class Watchdog:
    """One per worker process, in a thread of its own."""

    def __init__(self, end: Callable[[int], Any] = os._exit) -> None:
        self._end = end
        self._taken: dict[str, None] = {}
        self._touched = False
        self._stopping = threading.Event()

    def took(self, queue: str) -> None:
        """Note that a task was taken from a queue."""
        self._taken[queue] = None
        self._touched = True

    def ran(self) -> None:
        """Note that a task was run, be it one that was taken long ago."""
        self._touched = True

    def start(self, runtime: Runtime, consumed: Collection[str]) -> None:
        """Begin to watch, with the queues this worker is to consume."""
        self._runtime = runtime
        self._consumed = frozenset(consumed)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more: the process is to end, and takes nothing from now on."""
        self._stopping.set()

    def _watch(self) -> None:
        interval = min(_LONGEST_INTERVAL, settings.get().stalled_after / _LOOKS)
        idle, looked = 0.0, time.monotonic()
        with consumption.connect() as client:
            while not self._stopping.wait(min(_TICK, interval)):
                self._note(client)
                elapsed = time.monotonic() - looked
                if elapsed >= interval:
                    looked = time.monotonic()
                    idle = self._check(idle, elapsed, late=elapsed > interval + _SUSPENDED)

    def _note(self, client: redis.Redis) -> None:
        """Let everybody know what was taken. Should that fail, the next take is noted."""
        taken, self._taken = self._taken, {}
        if taken:
            with contextlib.suppress(RedisError):
                consumption.note(client, list(taken))

    def _check(self, idle: float, elapsed: float, *, late: bool) -> float:
        """Look once, and end the process if it is stuck; give for how long it has been idle."""
        try:
            after = settings.get().stalled_after
            look = Look(elapsed=elapsed, late=late, busy=self._was_busy(), backlogs=self._backlogs())
            idle = idle_for(idle, look)
            if stuck := stalled(idle, look, after):
                self._give_up("watchdog.not_consuming", queue=stuck.queue, waiting=stuck.depth, seconds=round(stuck.untouched))
            elif not self._loop_turns(after):
                self._give_up("watchdog.loop_dead", seconds=round(after))
        except Exception:  # noqa: BLE001 - a bug of the watch must not end what it watches over, nor the watch.
            _log.exception("watchdog.bug")
        return idle

    def _was_busy(self) -> bool:
        touched, self._touched = self._touched, False
        return touched or bool(state.active_requests)

    def _backlogs(self) -> list[Backlog] | None:
        try:
            return [each for each in consumption.look() if each.queue in self._consumed]
        except consumption.AWAY:
            return None

    def _loop_turns(self, seconds: float) -> bool:
        """Whether the event loop runs what it is given. Asked again at the end: the process may have been stopped meanwhile."""
        return self._turns_within(seconds) or self._turns_within(_SUSPENDED)

    def _turns_within(self, seconds: float) -> bool:
        try:
            self._runtime.run(asyncio.sleep(0), seconds)
        except TimeoutError:
            return False
        return True

    def _give_up(self, what: str, **seen: Any) -> None:
        """Say what was seen and end the process at once: what is stuck may not be asked to end in order. Outcomes go to disk."""
        if self._stopping.is_set():
            return
        _log.error(what, **seen)
        with contextlib.suppress(Exception):
            self._runtime.process.writer.spill()
        self._end(1)
