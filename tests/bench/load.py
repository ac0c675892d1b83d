"""Loads: posts by clients that wait for one another's turn, and posts at given times whatever becomes of those before."""

import asyncio
import gc
import time
from collections import Counter, deque
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any

import uvloop

from tests.bench import figures
from tests.bench.client import Answer, Connection, connect
from tests.bench.errors import UnexpectedAnswer


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One post and its answer."""

    status: int
    body: bytes
    seconds: float
    """From the moment it was to be posted."""
    at: float
    """When the answer was there, in unix seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a load came to."""

    seconds: float
    answers: Sequence[Answered]

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.answers) / self.seconds

    @property
    def statuses(self) -> Mapping[int, int]:
        """How often each status was answered."""
        return Counter(answer.status for answer in self.answers)

    def percentile(self, percent: float) -> float:
        """Give the milliseconds that a share of the answers stayed within."""
        return figures.percentile([answer.seconds for answer in self.answers], percent) * 1000


def expect(measured: Measured, *statuses: int) -> Measured:
    """Give the load back. Raises :class:`UnexpectedAnswer` when an answer had another status than these."""
    others = {status: count for status, count in measured.statuses.items() if status not in statuses}
    if others:
        example = next(answer.body for answer in measured.answers if answer.status in others)
        raise UnexpectedAnswer(f"answers by status {others} beside those with {statuses}, for example {example[:300]!r}")
    return measured


def closed(port: int, requests: Iterable[bytes], *, clients: int, seconds: float = inf) -> Measured:
    """Post with so many clients, each its next request once the last is answered, until the requests or the seconds are over."""
    return _run(_closed(port, iter(requests), clients, seconds))


def paced(port: int, requests: Iterator[bytes], starts: Sequence[float]) -> Measured:
    """Post at these seconds from now, on as many connections as that takes; what starts late counts from when it should have."""
    return _run(_paced(port, requests, starts))


def _run(load: Coroutine[Any, Any, Measured]) -> Measured:
    with _without_collector():
        return uvloop.run(load)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the pauses of this process's own garbage collector out of the figures."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _closed(port: int, requests: Iterator[bytes], clients: int, seconds: float) -> Measured:
    connections = [await connect(port) for _ in range(clients)]
    began = time.perf_counter()
    shares = await asyncio.gather(*(_client(connection, requests, began + seconds) for connection in connections))
    took = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return Measured(seconds=took, answers=[answer for share in shares for answer in share])


async def _client(connection: Connection, requests: Iterator[bytes], until: float) -> list[Answered]:
    answers = []
    while (start := time.perf_counter()) < until and (request := next(requests, None)) is not None:
        answers.append(_answered(await connection.exchange(request), start))
    return answers


def _answered(answer: Answer, start: float) -> Answered:
    return Answered(status=answer.status, body=answer.body, seconds=time.perf_counter() - start, at=time.time())


@dataclass(slots=True)
class _Pool:
    """Connections that are free, the last one used first."""

    port: int
    free: deque[Connection] = field(default_factory=deque)

    async def post(self, request: bytes, start: float, answers: list[Answered]) -> None:
        connection = self.free.pop() if self.free else await connect(self.port)
        answers.append(_answered(await connection.exchange(request), start))
        self.free.append(connection)


async def _paced(port: int, requests: Iterator[bytes], starts: Sequence[float]) -> Measured:
    pool, answers = _Pool(port), list[Answered]()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as posts:
        for start in starts:
            await asyncio.sleep(began + start - time.perf_counter())
            # A timer may fire a fraction early: nobody waits before the request is there.
            posts.create_task(pool.post(next(requests), min(began + start, time.perf_counter()), answers))
    took = time.perf_counter() - began
    for connection in pool.free:
        connection.close()
    return Measured(seconds=took, answers=answers)
