"""The writer: collects outcomes and commits together whatever is there when its connection is free.

There is no timer: an outcome on an idle system is written at once, and under load the time of one commit gathers the next flush.
While Postgres is away, the outcomes in hand are on disk too.
"""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import structlog

from shared import ids, metrics, settings
from shared.db.lines import Lines
from worker.deliver import record, settle
from worker.deliver.advance import Settlement
from worker.deliver.record import Record
from worker.deliver.result import Result
from worker.runtime import patience
from worker.runtime.journal import Journal
from worker.runtime.publisher import Publisher
from worker.webhooks.crowding import Crowding

_log: Final = structlog.get_logger("writer")

Written = asyncio.Future[None]
Entry = tuple[Record, Written]


class Writer:
    """One per process, on its event loop."""

    def __init__(self, lines: Lines, crowding: Crowding, publisher: Publisher, journal: Journal, worker: str) -> None:
        self._lines = lines
        self._publisher = publisher
        self._journal = journal
        self._worker = worker
        self._entries: asyncio.Queue[Entry] = asyncio.Queue()
        self._in_hand: dict[Written, Record] = {}
        self._on_disk: set[Written] = set()
        self._away = False
        self._leaving = False
        self._following: set[asyncio.Task[None]] = set()
        self._crowding = crowding
        self._tasks = (asyncio.create_task(self._run(), name="writer"), asyncio.create_task(self.replay(), name="replay"))

    async def write(self, result: Result) -> None:
        """Hand over a result; returns when it is committed and what follows it is published."""
        await self._write(record.of(result, self._worker))

    async def replay(self) -> None:
        """Record what dead processes left on disk, as at the start of this one. Waits for Postgres."""
        for left in self._journal.abandoned():
            await asyncio.gather(*(self._write(each) for each in left.records))
            left.remove()
            metrics.RECOVERED.labels("outcomes_on_disk").inc(len(left.records))
            _log.warning("writer.replayed", outcomes=len(left.records))

    def leave(self) -> None:
        """From now on wait for Postgres no longer than it takes to learn that it is away: what is on disk then is in safe hands."""
        self._leaving = True
        if self._away:
            self._release()

    async def close(self, seconds: float) -> None:
        """Write what is in hand and publish what follows it, then stop. What Postgres does not take in time goes to disk."""
        self.leave()
        try:
            async with asyncio.timeout(seconds):
                await self._entries.join()
        except TimeoutError:
            self.spill()
        for task in self._tasks:
            task.cancel()
        self._crowding.close()
        self._journal.close()

    def spill(self) -> int:
        """Put on disk what is in hand, for the next start; give how many outcomes that are."""
        missing = {written: each for written, each in self._in_hand.items() if written not in self._on_disk}
        try:
            if missing:
                self._journal.append(missing.values())
        except OSError as error:
            _log.error("writer.no_journal", outcomes=len(missing), error=type(error).__name__)
            return 0
        self._on_disk.update(missing)
        return len(self._on_disk)

    async def _write(self, each: Record) -> None:
        written: Written = asyncio.get_running_loop().create_future()
        self._in_hand[written] = each
        self._entries.put_nowait((each, written))
        if self._away:
            self._keep()
        await written

    def _keep(self) -> None:
        """Put on disk what came while Postgres is away."""
        self.spill()
        if self._leaving:
            self._release()

    def _release(self) -> None:
        """Let go of those who wait for what is on disk."""
        _log.warning("writer.left_on_disk", outcomes=len(self._on_disk))
        for written in self._on_disk:
            if not written.done():
                written.set_result(None)

    async def _run(self) -> None:
        while True:
            await self._flush(await self._gather())

    async def _gather(self) -> list[Entry]:
        entries = [await self._entries.get()]
        while len(entries) < settings.get().record_batch and not self._entries.empty():
            entries.append(self._entries.get_nowait())
        return entries

    async def _flush(self, entries: Sequence[Entry]) -> None:
        """Commit a batch. One that cannot be written whole is taken apart, so that a bad result stops only itself."""
        try:
            settlement = await self._commit_sometime([each for each, _ in entries])
        except Exception as error:  # noqa: BLE001 - the writer outlives a bug.
            await self._flush_apart(entries, error)
        else:
            self._forget(entries)
            self._follow_meanwhile(entries, settlement)

    async def _commit_sometime(self, records: Sequence[Record]) -> Settlement:
        """Commit as soon as Postgres is there; until then the records are on disk.

        One that does not answer is not waited for: to give up its connection takes longer than to learn that it is away.
        """
        missed = asyncio.get_running_loop().call_later(settings.get().database_timeout, self._miss)
        try:
            return await self._commit(records)
        except patience.TROUBLE as error:
            if not patience.is_away(error):
                raise
            self._miss()
            return await patience.outlast("outcomes", partial(self._commit, records))
        finally:
            missed.cancel()
            self._away = False

    def _miss(self) -> None:
        """Postgres is away: until it is there again, outcomes go to disk."""
        self._away = True
        self._keep()

    async def _commit(self, records: Sequence[Record]) -> Settlement:
        async with asyncio.timeout(settings.get().database_timeout), self._lines.line() as line:
            settlement = await settle.settle(line, records)
            await line.commit()
        return settlement

    async def _flush_apart(self, entries: Sequence[Entry], error: Exception) -> None:
        if len(entries) > 1:
            for entry in entries:
                await self._flush([entry])
            return
        await self._flush_bare(entries[0], error)

    async def _flush_bare(self, entry: Entry, error: Exception) -> None:
        """Commit the outcome of a result that is refused, without its words; a lease runs out where not even that can be."""
        each, _ = entry
        # Never the error's own words: Postgres puts the whole row into them.
        names = {"error": type(error).__name__, "sqlstate": patience.sqlstate(error)}
        _log.error("writer.refused", delivery=ids.encode(ids.DELIVERY, each.id), **names)
        try:
            settlement = await self._commit_sometime([record.bare(each, error)])
        except Exception as again:  # noqa: BLE001 - likewise.
            _log.error("writer.lost", delivery=ids.encode(ids.DELIVERY, each.id), error=type(again).__name__)
            self._forget([entry])
            self._done([entry])
        else:
            self._forget([entry])
            self._follow_meanwhile([entry], settlement)

    def _forget(self, entries: Iterable[Entry]) -> None:
        """Take what is committed out of hand, and empty the disk once all that is there is committed."""
        for _, written in entries:
            self._in_hand.pop(written, None)
            self._on_disk.discard(written)
        if not self._on_disk:
            self._journal.clear()

    def _follow_meanwhile(self, entries: Sequence[Entry], settlement: Settlement) -> None:
        """Publish beside the next flush: a broker that hangs must not keep outcomes from being committed."""
        following = asyncio.create_task(self._follow(entries, settlement))
        self._following.add(following)
        following.add_done_callback(self._following.discard)

    async def _follow(self, entries: Sequence[Entry], settlement: Settlement) -> None:
        if settlement.webhooks:
            self._crowding.look()
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
