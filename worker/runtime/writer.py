"""The writer: collects outcomes and commits together whatever is there when its connection is free.

There is no timer: an outcome on an idle system is written at once, and under load the time of one commit gathers the next flush.
"""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, settings
from worker.deliver import settle
from worker.deliver.result import Result
from worker.runtime import patience
from worker.runtime.publisher import Publisher

_log: Final = structlog.get_logger("writer")

Entry = tuple[Result, asyncio.Future[None]]


class Writer:
    """One per process, on its event loop."""

    def __init__(self, engine: AsyncEngine, publisher: Publisher, worker: str) -> None:
        self._engine = engine
        self._publisher = publisher
        self._worker = worker
        self._entries: asyncio.Queue[Entry] = asyncio.Queue()
        self._following: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._run(), name="writer")

    async def write(self, result: Result) -> None:
        """Hand over a result; returns when it is committed and what follows it is published."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._entries.put_nowait((result, written))
        await written

    async def close(self) -> None:
        """Write what is in hand and publish what follows it, then stop."""
        await self._entries.join()
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._flush(await self._gather())

    async def _gather(self) -> list[Entry]:
        entries = [await self._entries.get()]
        while len(entries) < settings.get().record_batch and not self._entries.empty():
            entries.append(self._entries.get_nowait())
        return entries

    async def _flush(self, entries: list[Entry]) -> None:
        """Commit a batch. One that cannot be written whole is taken apart, so that a bad result stops only itself."""
        results = [result for result, _ in entries]
        try:
            settlement = await patience.outlast("outcomes", partial(self._commit, results))
        except Exception as error:  # noqa: BLE001 - the writer outlives a bug; the leases of what it held run out.
            await self._flush_apart(entries, error)
        else:
            self._follow_meanwhile(entries, settlement)

    async def _commit(self, results: list[Result]) -> settle.Settlement:
        async with self._engine.begin() as connection:
            return await settle.settle(connection, results, self._worker)

    async def _flush_apart(self, entries: list[Entry], error: Exception) -> None:
        if len(entries) > 1:
            for entry in entries:
                await self._flush([entry])
            return
        claim = entries[0][0].claim
        # Never the error's own words: Postgres puts the whole row into them.
        names = {"error": type(error).__name__, "sqlstate": patience.sqlstate(error)}
        _log.error("writer.refused", delivery=ids.encode(ids.DELIVERY, claim.id), channel=claim.channel, **names)
        self._done(entries)

    def _follow_meanwhile(self, entries: list[Entry], settlement: settle.Settlement) -> None:
        """Publish beside the next flush: a broker that hangs must not keep outcomes from being committed."""
        following = asyncio.create_task(self._follow(entries, settlement))
        self._following.add(following)
        following.add_done_callback(self._following.discard)

    async def _follow(self, entries: list[Entry], settlement: settle.Settlement) -> None:
        try:
            await self._publisher.follow(settlement)
        except Exception:  # noqa: BLE001 - it is committed; recovery publishes it.
            _log.exception("writer.not_followed", outcomes=len(entries))
        finally:
            self._done(entries)

    def _done(self, entries: Iterable[Entry]) -> None:
        for _, written in entries:
            self._entries.task_done()
            if not written.done():
                written.set_result(None)
