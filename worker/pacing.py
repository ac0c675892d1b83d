"""Turns among deliveries of one sender, or to one recipient, over all workers: kept in Redis, by Redis's clock.

Redis away lets everybody go: a provider that is asked too fast says so itself.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared import settings
from shared.domain import pacing
from shared.domain.outcome import Pause, PauseScope
from shared.domain.pacing import Limit, Turn, Verdict
from worker import channels
from worker.deliver.claim import Claim

_log: Final = structlog.get_logger("pacing")
_SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text()
_TIMEOUT: Final = 0.5
"""Seconds that Redis has to answer."""
_REST: Final = 5.0
"""Seconds for which a Redis that did not answer is left alone."""
_MICROSECONDS: Final = 1_000_000
_GRANULARITY: Final = 1.0
"""Seconds by which who comes again may be too early, or find others before it that are too late."""
_SCOPES: Final = (PauseScope.KEY, PauseScope.RECIPIENT)
"""Whom the meters of a delivery are for, in their order."""


class Pacing:
    """One per process, on its event loop."""

    def __init__(self) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            settings.get().signals, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 1)
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._away = False
        self._rests_until = 0.0

    async def turns(self, claims: Sequence[Claim], budget_seconds: float) -> list[Turn]:
        """Give each delivery its turn, in the order of the batch; none bears a pause for longer than its budget."""
        question = _Question()
        for claim in claims:
            question.ask(claim, budget_seconds)
        answers = await self._run(question) if claims else []
        return [_at_once() for _ in claims] if answers is None else [_turn(answer) for answer in answers]

    async def pause(self, claim: Claim, pause: Pause) -> None:
        """Let all workers leave a claim's sender or recipient alone, as its provider wants."""
        question = _Question()
        question.pause(claim, pause)
        await self._run(question)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _run(self, question: "_Question") -> list[list[int]] | None:
        """Ask Redis; ``None`` while it is away, which after one try costs nothing for a while."""
        if time.monotonic() < self._rests_until:
            return None
        if self._away:
            self._rest()
        try:
            async with asyncio.timeout(2 * _TIMEOUT):
                answers: list[list[int]] = await self._script(keys=question.keys, args=[question.document()])
        except (RedisError, OSError) as error:
            self._lose(error)
            return None
        self._find()
        return answers

    def _lose(self, error: Exception) -> None:
        self._rest()
        if not self._away:
            _log.warning("pacing.away", error=type(error).__name__)
        self._away = True

    def _find(self) -> None:
        if self._away:
            _log.warning("pacing.back")
        self._away, self._rests_until = False, 0.0

    def _rest(self) -> None:
        self._rests_until = time.monotonic() + _REST


class _Question:
    """What the script is asked for a batch. Positions count from one, as in Lua."""

    def __init__(self) -> None:
        self._meters: dict[str, int] = {}
        self._limits: list[dict[str, Any]] = []
        self._places: list[str] = []
        self._asks: list[dict[str, Any]] = []
        self._pauses: list[dict[str, Any]] = []

    def ask(self, claim: Claim, budget_seconds: float) -> None:
        """Ask for the turn of a delivery."""
        waited = (claim.now - claim.patient_since).total_seconds()
        bears = pacing.patience(waited, budget_seconds) * _MICROSECONDS
        ask: dict[str, Any] = {"meters": [self._meter(claim, scope) for scope in _SCOPES], "bears": bears}
        if claim.paced:
            self._places.append(f"antar:place:{claim.id}")
            ask["place"] = len(self._places)
        self._asks.append(ask)

    def pause(self, claim: Claim, pause: Pause) -> None:
        """Take note of a pause."""
        self._pauses.append({"meter": self._meter(claim, pause.scope), "lasts": pause.seconds * _MICROSECONDS})

    @property
    def keys(self) -> list[str]:
        """The keys in Redis."""
        return [*self._meters, *self._places]

    def document(self) -> str:
        """Give the script's argument."""
        return json.dumps({"meters": self._limits, "asks": self._asks, "pauses": self._pauses, "patience": _patience()})

    def _meter(self, claim: Claim, scope: PauseScope) -> int:
        name = _name(claim, scope)
        if name not in self._meters:
            self._limits.append(_limits(claim, scope))
            self._meters[name] = len(self._limits)
        return self._meters[name]


def _name(claim: Claim, scope: PauseScope) -> str:
    """Name a meter. Redis never sees the address of a recipient."""
    if scope is PauseScope.KEY:
        return f"antar:pace:{claim.key_id}"
    address = hashlib.blake2b((claim.address or "").encode(), key=claim.key_id.bytes, digest_size=16)
    return f"antar:pace:{claim.key_id}:{address.hexdigest()}"


def _limits(claim: Claim, scope: PauseScope) -> dict[str, Any]:
    pace = channels.pace(claim.channel)
    usual = _of_key(claim) if scope is PauseScope.KEY else pace.recipient(claim.address or "")
    return {"after_pause": _microseconds(pace.after_pause)} | ({"usual": _microseconds(usual)} if usual else {})


def _of_key(claim: Claim) -> Limit | None:
    return None if claim.rate_per_second is None else pacing.limit(claim.rate_per_second)


def _microseconds(limit: Limit) -> dict[str, float]:
    return {"interval": limit.interval * _MICROSECONDS, "burst": limit.burst}


def _patience() -> dict[str, float]:
    sleep = settings.get().pacing_sleep
    return {"first": sleep * _MICROSECONDS, "again": (sleep + _GRANULARITY) * _MICROSECONDS}


def _at_once() -> Turn:
    return Turn(verdict=Verdict.GO, wait=0.0, pause=0.0, scope=PauseScope.KEY)


def _turn(answer: Sequence[int]) -> Turn:
    verdict, wait, pause, meter = answer
    return Turn(verdict=Verdict(verdict), wait=wait / _MICROSECONDS, pause=pause / _MICROSECONDS, scope=_SCOPES[meter - 1])
