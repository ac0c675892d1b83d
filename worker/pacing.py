"""Turns among deliveries of one sender, or to one recipient, over all workers: kept in Redis, by Redis's clock.

Redis away lets everybody go: a provider that is asked too fast says so itself.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from pydantic_core import to_json
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared import redis_clients, settings
from shared.domain import pacing
from shared.domain.outcome import Pause, PauseScope
from shared.domain.pacing import Limit, Turn, Verdict
from worker import channels
from worker.deliver.claim import Claim
from worker.runtime.gathering import Gathering

_log: Final = structlog.get_logger("pacing")
_SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text()
_TIMEOUT: Final = 0.5
"""Seconds that Redis has to answer."""
_REST: Final = 5.0
"""Seconds for which a Redis that did not answer is left alone."""
_MICROSECONDS: Final = 1_000_000
_MOST: Final = 200
"""Deliveries asked for at once: Redis does nothing else meanwhile."""
_NUMBERS: Final = 5
"""Numbers of an answer."""
_REMEMBERED: Final = 1024
"""Keys whose names are kept."""
_GRANULARITY: Final = 1.0
"""Seconds by which who comes again may be too early, or find others before it that are too late."""
_SCOPES: Final = (PauseScope.KEY, PauseScope.RECIPIENT)
"""Whom the meters of a delivery are for, in their order."""

_Asking = tuple[Claim, float]
"""A delivery that asks for its turn, and its budget in seconds."""


class Pacing:
    """One per process, on its event loop."""

    def __init__(self) -> None:
        self._redis = redis_clients.connect_async(
            settings.get().signals, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 1)
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._gathering = Gathering[_Asking, Turn](self._ask, _MOST, is_shared=lambda _: False)
        self._away = False
        self._rests_until = 0.0

    async def turns(self, claims: Sequence[Claim], budget_seconds: float) -> Sequence[Turn]:
        """Give each delivery its turn, in the order of the batch; none bears a pause for longer than its budget."""
        return await self._gathering.answers([(claim, budget_seconds) for claim in claims]) if claims else []

    async def pause(self, claim: Claim, pause: Pause) -> None:
        """Let all workers leave a claim's sender or recipient alone, as its provider wants."""
        question = _Question()
        question.pause(claim, pause)
        await self._run(question)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(self, asking: Sequence[_Asking]) -> list[Turn]:
        question = _Question()
        for claim, budget_seconds in asking:
            question.ask(claim, budget_seconds)
        return _turns(len(asking), await self._run(question))

    async def _run(self, question: "_Question") -> list[int]:
        """Ask Redis, which says nothing while it is away; after one try that costs nothing for a while."""
        if time.monotonic() < self._rests_until:
            return []
        if self._away:
            self._rest()
        try:
            async with asyncio.timeout(2 * _TIMEOUT):
                answer: bytes = await self._script(keys=question.keys, args=[question.document()])
        except (RedisError, OSError) as error:
            self._lose(error)
            return []
        self._find()
        return json.loads(answer) if answer else []

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
        self._limits: dict[Limit, int] = {}
        self._meters: dict[str, int] = {}
        self._limits_of_meters: list[int] = []
        self._places: list[str] = []
        self._asks: list[float] = []
        self._pauses: list[float] = []

    def ask(self, claim: Claim, budget_seconds: float) -> None:
        """Ask for the turn of a delivery."""
        waited = (claim.now - claim.patient_since).total_seconds()
        bears = pacing.patience(waited, budget_seconds) * _MICROSECONDS
        self._asks += [*(self._meter(claim, scope) for scope in _SCOPES), self._place(claim), bears]

    def pause(self, claim: Claim, pause: Pause) -> None:
        """Take note of a pause."""
        self._pauses += [self._meter(claim, pause.scope), pause.seconds * _MICROSECONDS]

    @property
    def keys(self) -> list[str]:
        """The keys in Redis."""
        return [*self._meters, *self._places]

    def document(self) -> str:
        """Give the script's argument."""
        limits = [number for each in self._limits for number in (each.interval * _MICROSECONDS, each.burst)]
        asked = {"limits": limits, "meters": self._limits_of_meters, "asks": self._asks, "pauses": self._pauses}
        return to_json({**asked, "patience": _patience()}).decode()

    def _meter(self, claim: Claim, scope: PauseScope) -> int:
        name = _name(claim, scope)
        if name not in self._meters:
            self._meters[name] = len(self._meters) + 1
            self._limits_of_meters += [self._limit(_usual(claim, scope)), self._limit(channels.pace(claim.channel).after_pause)]
        return self._meters[name]

    def _limit(self, limit: Limit | None) -> int:
        return 0 if limit is None else self._limits.setdefault(limit, len(self._limits) + 1)

    def _place(self, claim: Claim) -> int:
        if not claim.paced:
            return 0
        self._places.append(f"antar:place:{claim.id}")
        return len(self._places)


def _name(claim: Claim, scope: PauseScope) -> str:
    """Name a meter. Redis never sees the address of a recipient."""
    sender = _name_of_key(claim.key_id)
    if scope is PauseScope.KEY:
        return sender
    address = hashlib.blake2b((claim.address or "").encode(), key=claim.key_id.bytes, digest_size=16)
    return f"{sender}:{address.hexdigest()}"


@lru_cache(maxsize=_REMEMBERED)
def _name_of_key(key_id: UUID) -> str:
    return f"antar:pace:{key_id}"


def _usual(claim: Claim, scope: PauseScope) -> Limit | None:
    if scope is PauseScope.RECIPIENT:
        return channels.pace(claim.channel).recipient(claim.address or "")
    return None if claim.rate_per_second is None else pacing.limit(claim.rate_per_second)


def _patience() -> list[float]:
    sleep = settings.get().pacing_sleep
    return [sleep * _MICROSECONDS, (sleep + _GRANULARITY) * _MICROSECONDS]


_AT_ONCE: Final = Turn(verdict=Verdict.GO, wait=0.0, pause=0.0, scope=PauseScope.KEY)


def _turns(count: int, answers: Sequence[int]) -> list[Turn]:
    """Read the answers for so many; who is not in them leaves at once."""
    turns = [_AT_ONCE] * count
    for start in range(0, len(answers), _NUMBERS):
        position, *turn = answers[start : start + _NUMBERS]
        turns[position - 1] = _turn(*turn)
    return turns


def _turn(verdict: int, wait: int, pause: int, meter: int) -> Turn:
    return Turn(verdict=Verdict(verdict), wait=wait / _MICROSECONDS, pause=pause / _MICROSECONDS, scope=_SCOPES[meter - 1])
