"""Whether the queues are taken from: what a worker that is alive and consumes nothing cannot hide.

Workers note in Redis which queue they took from, and who looks notes since when tasks have waited there. Both notes are aged by
Redis itself, by what is left of their lifetime: no two machines need to agree on the time.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from shared import queues, redis_clients, settings

AWAY: Final = (*queues.BROKER_TROUBLE, RedisError)
"""What looking and noting raise while the broker, or the Redis of the signals, is away."""

_REMEMBERED: Final = 30 * 24 * 3600 * 1000
"""Milliseconds after which a note is forgotten: above any time for which a queue might lie still."""
_SOCKET_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """The tasks that wait in one queue."""

    queue: str
    depth: int
    """How many; those that a worker holds already do not count."""
    untouched: float
    """Seconds for which some were seen to wait while nobody took any; 0 when none wait."""


def connect() -> redis.Redis:
    """Make a client for the notes, which does not wait long for an answer."""
    return redis_clients.connect(
        settings.get().signals,
        socket_timeout=_SOCKET_SECONDS,
        socket_connect_timeout=_SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


def note(client: redis.Redis, taken_from: Iterable[str]) -> None:
    """Note that tasks were just taken from queues. Raises :class:`redis.exceptions.RedisError` when Redis is away."""
    with client.pipeline(transaction=False) as pipeline:
        for queue in taken_from:
            pipeline.set(_taken(queue), b"", px=_REMEMBERED)
        pipeline.execute()


def look() -> list[Backlog]:
    """Look at every queue, and note what was seen for whoever looks next. Raises one of :data:`AWAY`."""
    depths = queues.depths()
    with connect() as client:
        seen, taken = _ages(client, map(_seen, depths)), _ages(client, map(_taken, depths))
        untouched = {queue: untouched_for(depth, seen[_seen(queue)], taken[_taken(queue)]) for queue, depth in depths.items()}
        _note_seen(client, untouched)
    return [Backlog(queue=queue, depth=depth, untouched=untouched[queue] or 0.0) for queue, depth in depths.items()]


def untouched_for(depth: int, seen: float | None, taken: float | None) -> float | None:
    """Give the seconds for which tasks have waited while nobody took any; ``None`` when none wait.

    ``seen`` is how long ago tasks were first seen to wait, ``taken`` how long ago one was taken. Only what was seen after the last
    take counts: a queue that lay empty for an hour and got its first task just now has not stood still for an hour.
    """
    if not depth:
        return None
    if seen is None or (taken is not None and taken <= seen):
        return 0.0
    return seen


def _ages(client: redis.Redis, names: Iterable[str]) -> dict[str, float | None]:
    """Give how many seconds ago notes were written; ``None`` for those that are not there."""
    listed = list(names)
    with client.pipeline(transaction=False) as pipeline:
        for name in listed:
            pipeline.pttl(name)
        left: list[Any] = pipeline.execute()
    return {name: (_REMEMBERED - each) / 1000 if each >= 0 else None for name, each in zip(listed, left, strict=True)}


def _note_seen(client: redis.Redis, untouched: Mapping[str, float | None]) -> None:
    """Begin to count where tasks are seen for the first time since one was taken, and stop where none wait any more."""
    _forget(client, [_seen(queue) for queue, seconds in untouched.items() if seconds is None])
    for queue, seconds in untouched.items():
        if seconds == 0.0:
            client.set(_seen(queue), b"", px=_REMEMBERED)


def _forget(client: redis.Redis, names: Collection[str]) -> None:
    if names:
        client.delete(*names)


def _taken(queue: str) -> str:
    return f"antar:taken:{queue}"


def _seen(queue: str) -> str:
    return f"antar:seen:{queue}"
