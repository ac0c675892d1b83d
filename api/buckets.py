"""Token buckets in Redis: so many of something in a minute, counted over all api processes together.

Redis away lets everything pass: a limit protects, and its own trouble is no reason to accept nothing.
"""

import math
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import redis
import structlog
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from shared import redis_clients, settings

_log: Final = structlog.get_logger("limits")
_SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text()
_TIMEOUT: Final = 0.1
"""Seconds to reach Redis, and again for its answer."""
_REST: Final = 5.0
"""Seconds for which a Redis that did not answer is left alone."""
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of one request, and how the bucket stands after it."""

    allowed: bool
    limit: int
    """Requests a minute."""
    remaining: int
    """Requests that could follow at once."""
    reset: int
    """When all of them could, in unix seconds."""
    retry_after: int
    """Seconds until one may follow; 0 when it may now."""


class _Buckets:
    """The way to Redis, which after a failure is left alone for a while."""

    def __init__(self) -> None:
        # A connection that Redis closed is opened anew; an answer that is late is not asked for twice: it may have counted.
        retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        client = redis_clients.connect(
            settings.get().signals, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=retry
        )
        self._script = client.register_script(_SCRIPT)
        self._away = False
        self._rests_until = 0.0

    def ask(self, key: str, per_minute: int) -> list[int] | None:
        """Take a token; ``None`` while Redis is away, which after one try costs nothing for a while."""
        if time.monotonic() < self._rests_until:
            return None
        if self._away:
            self._rest()
        try:
            answer: list[int] = self._script(keys=[key], args=[per_minute])
        except (RedisError, OSError) as error:
            self._lose(error)
            return None
        self._find()
        return answer

    def _lose(self, error: Exception) -> None:
        self._rest()
        if not self._away:
            _log.warning("limits.away", error=type(error).__name__)
        self._away = True

    def _find(self) -> None:
        if self._away:
            _log.warning("limits.back")
        self._away, self._rests_until = False, 0.0

    def _rest(self) -> None:
        self._rests_until = time.monotonic() + _REST


@lru_cache(maxsize=1)
def _buckets() -> _Buckets:
    return _Buckets()


def take(name: str, per_minute: int) -> Verdict:
    """Take one from a bucket.

    Args:
        name: Whose bucket it is, and of what.
        per_minute: How many the bucket holds, and gets in a minute.
    """
    answer = _buckets().ask(f"antar:limit:{name}", per_minute)
    if answer is None:
        return Verdict(allowed=True, limit=per_minute, remaining=per_minute, reset=math.ceil(time.time()), retry_after=0)
    taken, remaining, full_at, wait = answer
    return Verdict(
        allowed=bool(taken),
        limit=per_minute,
        remaining=remaining,
        reset=math.ceil(full_at / _MICROSECONDS),
        retry_after=0 if taken else max(1, math.ceil(wait / _MICROSECONDS)),
    )
