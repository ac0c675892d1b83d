"""Running checks for probes: side by side, bounded in time, and not more often than they are worth."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import wait
from functools import partial
from typing import Final

import structlog

from shared import health
from shared.db import engine
from shared.health import Health
from shared.looks import Look

_log: Final = structlog.get_logger("health")
_PATIENCE: Final = 2.0
"""Seconds a probe waits for its checks."""
_FRESH: Final = 1.0
"""Seconds for which what was found answers further probes."""
_NO_ANSWER: Final = Health(problem=f"no answer within {_PATIENCE:.0f} s: what is asked is overloaded, or hangs")
_BUG: Final = Health(problem="the check itself failed: see the log of the api")


class Check(Look[Health]):
    """One check."""

    def __init__(self, look: Callable[[], Health]) -> None:
        super().__init__(partial(_made, look), _FRESH)


def _made(look: Callable[[], Health]) -> Health:
    try:
        return look()
    except Exception:  # noqa: BLE001 - a probe is answered, whatever is wrong.
        _log.exception("health.bug")
        return _BUG


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
