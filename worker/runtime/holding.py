"""Deliveries whose task came before their time, because this machine's clock is ahead: they wait here for the database's.

Back in the broker they would come again at once, as long as the clock is wrong.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import structlog

from shared import settings
from worker.deliver.claim import Early
from worker.deliver.result import Lineage
from worker.runtime.publisher import Publisher
from worker.runtime.shutdown import Stopping

_log: Final = structlog.get_logger("holding")
_TOGETHER: Final = 20
"""Parts of a second within which deliveries wait together."""
_NOTEWORTHY: Final = 1.0
"""Seconds too early from which on a clock is wrong, and a task not just punctual."""


class Holding:
    """One per process, on its event loop. Should the process die, recovery finds what it held."""

    def __init__(self, publisher: Publisher, stopping: Stopping) -> None:
        self._publisher = publisher
        self._stopping = stopping
        self._tasks: set[asyncio.Task[None]] = set()

    def hold(self, early: Sequence[Early], lineage: Lineage) -> None:
        """Publish deliveries once their time has come; those beyond the horizon are published by promotion."""
        for (queue, seconds), delivery_ids in _grouped(early).items():
            if seconds > _NOTEWORTHY:
                _log.warning("holding.early", deliveries=len(delivery_ids), seconds=round(seconds, 1))
            task = asyncio.create_task(self._wait(delivery_ids, queue, seconds, lineage))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self, seconds: float) -> None:
        """Leave what is held to other workers, within so many seconds; the process is stopping."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def _wait(self, delivery_ids: Sequence[UUID], queue: str, seconds: float, lineage: Lineage) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        await self._stopping.sleep(seconds)
        await self._publisher.publish(delivery_ids, queue, max(0.0, end - loop.time()), lineage)


def _grouped(early: Sequence[Early]) -> Mapping[tuple[str, float], list[UUID]]:
    """Let deliveries of one queue and about the same time wait together, none too short."""
    groups: dict[tuple[str, float], list[UUID]] = defaultdict(list)
    for each in early:
        if each.seconds <= settings.get().horizon_seconds:
            groups[each.queue, (int(each.seconds * _TOGETHER) + 1) / _TOGETHER].append(each.id)
    return groups
