"""How often an account may ask: token buckets in Redis, one for each account and kind of request (contract, Kirim 2.5).

Redis away lets every request pass: a limit protects, and its own trouble is no reason to accept nothing.
"""

import math
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID

import redis
import structlog
from flask import Blueprint, Response, g, request
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from api import auth
from shared import settings

_log: Final = structlog.get_logger("limits")
_SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text()
_TIMEOUT: Final = 0.1
"""Seconds to reach Redis, and again for its answer."""
_REST: Final = 5.0
"""Seconds for which a Redis that did not answer is left alone."""
_MICROSECONDS: Final = 1_000_000
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Kind(StrEnum):
    """The kinds of request that are counted apart; the value begins the name of the account's setting."""

    WRITE = "write"
    """Kirim's ``POST``, ``PUT``, ``PATCH`` and ``DELETE``."""
    READ = "read"
    """Kirim's ``GET`` and ``HEAD``."""
    KANAL = "kanal"
    """Sending in the Kanal dialect."""

    @property
    def setting(self) -> str:
        """The setting, of an account or of the process, that holds the limit."""
        return f"{self.value}_per_minute"


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


class RateLimited(Exception):
    """The request comes too soon."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("Too many requests. Please slow down.")
        self.verdict = verdict


class _Buckets:
    """The way to Redis, which after a failure is left alone for a while."""

    def __init__(self) -> None:
        # A connection that Redis closed is opened anew; an answer that is late is not asked for twice: it may have counted.
        retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        client = redis.Redis.from_url(settings.get().signals, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=retry)
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


def take(scope: str, identifier: UUID, kind: Kind, per_minute: int) -> Verdict:
    """Count one request.

    Args:
        scope: Whose bucket it is: ``account`` or ``token``.
        identifier: Which account's or token's.
        kind: What is counted.
        per_minute: How many the bucket holds, and gets in a minute.
    """
    answer = _buckets().ask(f"antar:limit:{scope}:{identifier}:{kind}", per_minute)
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


def per_minute(caller: auth.Caller, kind: Kind) -> int:
    """Give the limit of an account: its own, or everybody's."""
    own: int | None = caller.settings.get(kind.setting)
    default: int = getattr(settings.get(), kind.setting)
    return default if own is None else own


def add_headers(response: Response, verdict: Verdict) -> Response:
    """Tell with an answer how the bucket stands."""
    response.headers["X-RateLimit-Limit"] = str(verdict.limit)
    response.headers["X-RateLimit-Remaining"] = str(verdict.remaining)
    response.headers["X-RateLimit-Reset"] = str(verdict.reset)
    if not verdict.allowed:
        response.headers["Retry-After"] = str(verdict.retry_after)
    return response


def register(blueprint: Blueprint) -> None:
    """Count the requests of a blueprint, whose every route wants a token, and tell with every answer how the bucket stands.

    A request that comes too soon raises :class:`RateLimited`, which the blueprint answers; one of nobody known raises
    :class:`api.errors.Unauthenticated` and is not counted.
    """
    blueprint.before_request(_count)
    blueprint.after_request(_tell)


def _count() -> None:
    """Count a request against the account's limit of its kind, reading or writing."""
    caller = auth.caller()
    kind = Kind.READ if request.method in _READING else Kind.WRITE
    g.rate_limit = take("account", caller.account_id, kind, per_minute(caller, kind))
    if not g.rate_limit.allowed:
        raise RateLimited(g.rate_limit)


def _tell(response: Response) -> Response:
    verdict: Verdict | None = g.get("rate_limit")
    return response if verdict is None else add_headers(response, verdict)
