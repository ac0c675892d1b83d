"""Waiting for Postgres while it is away: restarting, failing over, or giving no connection."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_log: Final = structlog.get_logger("database")
TROUBLE: Final = (DBAPIError, PoolTimeoutError, OSError)
"""What working with Postgres raises; :func:`is_away` tells which of it passes."""

_AWAY: Final = (OperationalError, InterfaceError, PoolTimeoutError, OSError)
_PASSING: Final = frozenset({"25006", "25P03"})
"""A server that only reads, as a standby does before it takes over; a session that was ended for its idleness."""
_LIMIT_EXCEEDED: Final = "54"
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 5.0

T = TypeVar("T")


async def outlast(what: str, step: Callable[[], Awaitable[T]], seconds: float = float("inf")) -> T:
    """Take a step, again and again while Postgres is away, for so many seconds at the most.

    The step is repeated also when only the answer to its commit was lost, so it must be one that may be. Raises what the last
    try raised, and at once whatever says that the step itself is at fault.
    """
    end = time.monotonic() + seconds
    wait = _FIRST_WAIT
    while True:
        try:
            return await step()
        except TROUBLE as error:
            if not is_away(error) or time.monotonic() + wait > end:
                raise
            _log.warning("database.away", what=what, error=type(error).__name__, sqlstate=sqlstate(error))
        await asyncio.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


def is_away(error: Exception) -> bool:
    """Whether the same step can succeed later: psycopg calls a row beyond Postgres's limits an operational error too."""
    state = sqlstate(error) or ""
    return state in _PASSING or (isinstance(error, _AWAY) and not state.startswith(_LIMIT_EXCEEDED))


def sqlstate(error: Exception) -> str | None:
    """Give Postgres's code for an error, if it is Postgres's."""
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
