"""A process that delivers: one loop, a connection that claims, a connection that writes results."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from psycopg.rows import class_row
from redis.asyncio import Redis

from tests.bench.baselines import databases, providers
from tests.bench.limit.database import OPTIONS
from tests.bench.limit.delivery import statements
from tests.bench.limit.delivery.calling import Called, Claimed, call

READY: Final = "limit:ready"
"""The Redis list of the deliveries to claim, by their ids in hexadecimal."""

_MOST_RESULTS: Final = 200
"""Results in one transaction; as many as antar records together."""
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a process is told."""

    database_url: str
    broker_url: str
    provider_url: str
    batch: int
    """Deliveries claimed in one statement at the most."""
    in_flight: int
    """Deliveries claimed and not yet recorded, at the most."""


@dataclass(kw_only=True, slots=True)
class Worker:
    """The process's connections, and what it has in hand."""

    settings: Settings
    broker: Redis
    claims: psycopg.AsyncConnection[Claimed]
    results: psycopg.AsyncConnection[Claimed]
    client: ClientSession
    endpoints: Mapping[str, providers.Endpoint]
    room: asyncio.Semaphore
    called: list[Called] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a call has ended."""

    async def claim(self, tasks: asyncio.TaskGroup) -> None:
        """Claim what is ready, batch by batch, and have it called."""
        while True:
            await self.room.acquire()
            self.room.release()
            if identifiers := await self._take():
                await self._start(tasks, await self._claim(identifiers))

    async def record(self, tasks: asyncio.TaskGroup) -> None:
        """Write results, all that are there whenever the connection is free; call what they open."""
        while True:
            await self.news.wait()
            held, self.called = self.called[:_MOST_RESULTS], self.called[_MOST_RESULTS:]
            if not self.called:
                self.news.clear()
            opened = await (await self.results.execute(statements.RECORD, _parameters(held))).fetchall()
            for delivery in opened:
                tasks.create_task(self._call(delivery))
            for _ in range(len(held) - len(opened)):
                self.room.release()

    async def _take(self) -> list[str]:
        """Take what is ready; wait for it a little."""
        taken = await self.broker.lpop(READY, self.settings.batch)
        if taken:
            return [str(each) for each in taken]
        waited = await self.broker.blpop([READY], timeout=1)
        return [str(waited[1])] if waited else []

    async def _claim(self, identifiers: Sequence[str]) -> list[Claimed]:
        parameters = {
            "claim_id": uuid4(),
            "ids": f"{{{','.join(identifiers)}}}",
            "first": min(identifiers),
            "last": max(identifiers),
        }
        return await (await self.claims.execute(statements.CLAIM, parameters)).fetchall()

    async def _start(self, tasks: asyncio.TaskGroup, deliveries: Iterable[Claimed]) -> None:
        for delivery in deliveries:
            await self.room.acquire()
            tasks.create_task(self._call(delivery))

    async def _call(self, delivery: Claimed) -> None:
        result = await call(self.client, self.endpoints[delivery.channel], delivery)
        self.called.append(result)
        self.news.set()


def _parameters(results: Sequence[Called]) -> dict[str, Any]:
    deliveries, sends = [each.delivery.id for each in results], [each.delivery.send_id for each in results]
    following = [identifier for each in results if (identifier := each.next)]
    return {
        "rows": json.dumps([_row(each) for each in results]),
        "ids": _array(deliveries),
        "first": min(deliveries),
        "last": max(deliveries),
        "next_ids": _array(following),
        "next_last": max(following, default=None),
        "send_ids": _array(sends),
        "first_send": min(sends),
    }


def _array(identifiers: Iterable[UUID]) -> str:
    return f"{{{','.join(identifier.hex for identifier in identifiers)}}}"


def _row(result: Called) -> dict[str, Any]:
    sent = result.message_id is not None
    return {
        "id": result.delivery.id.hex,
        "send_id": result.delivery.send_id.hex,
        "claim_id": result.delivery.claim_id.hex,
        "next": result.next and result.next.hex,
        "state": "sent" if sent else "failed",
        "outcome": "sent" if sent else "not_sent",
        "code": None if sent else "provider_error",
        "status": result.status,
        "provider_message_id": result.message_id,
        "seconds": result.seconds,
    }


async def run(settings: Settings) -> None:
    """Deliver until the process is ended."""
    conninfo = databases.conninfo(settings.database_url)
    connector = TCPConnector(limit=0)
    async with (
        Redis.from_url(settings.broker_url, decode_responses=True, socket_timeout=None) as broker,
        await psycopg.AsyncConnection.connect(conninfo, row_factory=class_row(Claimed), **OPTIONS) as claims,
        await psycopg.AsyncConnection.connect(conninfo, row_factory=class_row(Claimed), **OPTIONS) as results,
        ClientSession(connector=connector, cookie_jar=DummyCookieJar(), headers=_JSON) as client,
        asyncio.TaskGroup() as tasks,
    ):
        worker = Worker(
            settings=settings,
            broker=broker,
            claims=claims,
            results=results,
            client=client,
            endpoints=providers.endpoints(settings.provider_url),
            room=asyncio.Semaphore(settings.in_flight),
        )
        tasks.create_task(worker.claim(tasks))
        tasks.create_task(worker.record(tasks))
        print("ready", flush=True)  # noqa: T201 - for who waits for it.
