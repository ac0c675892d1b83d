"""The writer: collects outcomes and commits together whatever is there when its connection is free.

There is no timer: an outcome on an idle system is written at once, and under load the time of one commit gathers the next flush.
"""

import asyncio
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, settings
from worker.deliver import settle
from worker.deliver.result import Result
from worker.runtime.publisher import Publisher

_log: Final = structlog.get_logger("writer")
_AWAY: Final = (OperationalError, InterfaceError, OSError)
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 5.0

Entry = tuple[Result, asyncio.Future[None]]


class Writer:
    """One per process, on its event loop."""

    def __init__(self, engine: AsyncEngine, publisher: Publisher, worker: str) -> None:
        self._engine = engine
        self._publisher = publisher
        self._worker = worker
        self._entries: asyncio.Queue[Entry] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="writer")

    async def write(self, result: Result) -> None:
        """Hand over a result; returns when it is committed and what follows it is published."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._entries.put_nowait((result, written))
        await written

    async def close(self) -> None:
        """Write what is in hand, then stop."""
        await self._entries.join()
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            entries = await self._gather()
            await self._flush(entries)
            for _, written in entries:
                self._entries.task_done()
                if not written.done():
                    written.set_result(None)

    async def _gather(self) -> list[Entry]:
        entries = [await self._entries.get()]
        while len(entries) < settings.get().record_batch and not self._entries.empty():
            entries.append(self._entries.get_nowait())
        return entries

    async def _flush(self, entries: list[Entry]) -> None:
        """Commit a batch. One that Postgres cannot take whole is taken apart, so that a bad row stops only itself."""
        results = [result for result, _ in entries]
        try:
            settlement = await self._settle_when_possible(results)
        except DBAPIError:
            await self._flush_apart(entries)
        except Exception:  # noqa: BLE001 - the writer outlives a bug; the leases of what it held run out.
            _log.exception("writer.bug", outcomes=len(results))
        else:
            await self._publisher.follow(settlement)

    async def _flush_apart(self, entries: list[Entry]) -> None:
        if len(entries) > 1:
            for entry in entries:
                await self._flush([entry])
            return
        claim = entries[0][0].claim
        _log.exception("writer.refused", delivery=ids.encode(ids.DELIVERY, claim.id), channel=claim.channel)

    async def _settle_when_possible(self, results: list[Result]) -> settle.Settlement:
        """Commit, waiting for Postgres as long as it is away: the outcomes are in hand and must not be lost."""
        wait = _FIRST_WAIT
        while True:
            try:
                async with self._engine.begin() as connection:
                    return await settle.settle(connection, results, self._worker)
            except _AWAY:
                _log.warning("writer.database_away", outcomes=len(results))
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
