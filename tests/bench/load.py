"""Posting sends over kept-alive connections, and what that took."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import aiohttp


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """A number of posts, and how many of them are under way at once."""

    url: str
    token: str
    body: Callable[[int], Mapping[str, Any]]
    """Gives the request to send, by its number."""
    posts: int
    clients: int
    prefer: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a load came to."""

    seconds: float
    latencies: tuple[float, ...]
    """Seconds per post, sorted."""
    statuses: Mapping[int, int]

    @property
    def rate(self) -> float:
        """Posts per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """Give the latency in milliseconds that a share of the posts stayed within."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))] * 1000


async def run(load: Load) -> Measured:
    """Post, each client one after the other."""
    connector = aiohttp.TCPConnector(limit=load.clients)
    headers = {"Authorization": f"Bearer {load.token}", **({"Prefer": load.prefer} if load.prefer else {})}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        started = time.perf_counter()
        shares = [load.posts // load.clients + (number < load.posts % load.clients) for number in range(load.clients)]
        numbers = count()
        answers = await asyncio.gather(*(_client(session, load, share, numbers) for share in shares))
        seconds = time.perf_counter() - started
    return _measured([answer for client in answers for answer in client], seconds)


async def _client(session: aiohttp.ClientSession, load: Load, posts: int, numbers: Iterator[int]) -> list[tuple[int, float]]:
    answers = []
    for _ in range(posts):
        started = time.perf_counter()
        async with session.post(load.url, json=load.body(next(numbers))) as response:
            await response.read()
            answers.append((response.status, time.perf_counter() - started))
    return answers


def _measured(answers: Sequence[tuple[int, float]], seconds: float) -> Measured:
    statuses: dict[int, int] = {}
    for status, _ in answers:
        statuses[status] = statuses.get(status, 0) + 1
    return Measured(seconds=seconds, latencies=tuple(sorted(latency for _, latency in answers)), statuses=statuses)
