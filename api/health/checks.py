"""Running checks for probes: side by side, bounded in time, and not more often than they are worth."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, wait
from functools import partial
from typing import Final

import structlog

from shared import health
from shared.db import engine
from shared.health import Health

_log: Final = structlog.get_logger("health")
_PATIENCE: Final = 2.0
"""Seconds a probe waits for its checks."""
_FRESH: Final = 1.0
"""Seconds for which what was found answers further probes."""
_NO_ANSWER: Final = Health(problem=f"no answer within {_PATIENCE:.0f} s: what is asked is overloaded, or hangs")
_BUG: Final = Health(problem="the check itself failed: see the log of the api")


class Check:
    """One check, which is never made twice at once: a server that hangs keeps one thread and not one for every probe."""

    def __init__(self, look: Callable[[], Health]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._found: Future[Health] | None = None
        self._fresh_until = 0.0

    def begin(self) -> Future[Health]:
        """Give what is being found, or was found just now."""
        with self._lock:
            if self._found is None or (self._found.done() and time.monotonic() > self._fresh_until):
                self._found = Future()
                threading.Thread(target=self._make, args=(self._found,), name="health", daemon=True).start()
            return self._found

    def _make(self, found: Future[Health]) -> None:
        try:
            result = self._look()
        except Exception:  # noqa: BLE001 - a probe is answered, whatever is wrong.
            _log.exception("health.bug")
            result = _BUG
        self._fresh_until = time.monotonic() + _FRESH
        found.set_result(result)


def all_checks() -> dict[str, Check]:
    """Make the checks of a process, by their names."""
    database = engine.create_apart()
    return {
        "postgres": Check(partial(health.postgres, database)),
        "broker": Check(health.broker),
        "consumption": Check(health.consumed),
        "oldest_queued": Check(partial(health.oldest_queued, database)),
    }


def run(checks: Mapping[str, Check], excluded: Collection[str] = ()) -> dict[str, Health]:
    """Make all checks but those excluded, and give what they found within a probe's patience."""
    found = {name: check.begin() for name, check in checks.items() if name not in excluded}
    wait(found.values(), timeout=_PATIENCE)
    return {name: each.result() if each.done() else _NO_ANSWER for name, each in found.items()}
