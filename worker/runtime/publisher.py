"""Publishing follow-up tasks, and waking who waits, from the event loop."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from shared import queues, redis_clients, settings, signals
from worker.deliver import measuring
from worker.deliver.advance import Publish, Settlement
from worker.deliver.claim import Early
from worker.deliver.result import Lineage

_log: Final = structlog.get_logger("publisher")

_Place = tuple[Lineage, str, float | None]
"""What deliveries share that go into the same tasks: the task they came of, their queue, and the seconds until they may run."""


class Publisher:
    """Says what a commit has made true. Nothing here is relied on: recovery republishes, waiters look again."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="publish")
        self._redis = redis_clients.connect_async(
            settings.get().signals, socket_timeout=5, socket_connect_timeout=3, health_check_interval=15
        )

    async def follow(self, settlement: Settlement) -> None:
        """Do what must follow a commit."""
        measuring.count(settlement.counts)
        await self._wake(settlement.wake)
        await self._publish(_grouped(settlement.publish))
        for seconds, awaited in settlement.confirm.items():
            await self._say(partial(queues.publish_confirmations, awaited, countdown=seconds), len(awaited))
        if settlement.webhooks:
            await self.publish_webhooks(settlement.webhooks)

    async def publish_later(self, given_back: Sequence[Early], lineage: Lineage) -> None:
        """Publish deliveries for their times, those of about the same second together."""
        await self._publish({(lineage, *place): delivery_ids for place, delivery_ids in _by_second(given_back).items()})

    async def publish(self, delivery_ids: Sequence[UUID], queue: str, countdown: float | None, lineage: Lineage) -> None:
        """Publish deliveries as children of a task; those beyond the horizon are published by promotion."""
        await self._publish({(lineage, queue, countdown): delivery_ids})

    async def _publish(self, groups: Mapping[_Place, Sequence[UUID]]) -> None:
        """Publish deliveries by their places, in one turn of a thread. What the broker refuses leaves the rest to recovery too."""
        near = {place: delivery_ids for place, delivery_ids in groups.items() if _is_near(place)}
        if near:
            await self._say(partial(_publish, near), sum(map(len, near.values())))

    async def publish_receipts(self, webhook_ids: Sequence[UUID], seconds: float = 0.0) -> None:
        """Publish webhooks of providers that are to be handled, in so many seconds."""
        await self._say(partial(queues.publish_receipts, webhook_ids, countdown=seconds), len(webhook_ids))

    async def publish_probe(self) -> None:
        """Publish that suspended keys are to be asked now."""
        await self._say(queues.publish_probe, 1)

    async def publish_sync(self) -> None:
        """Publish that templates are to be read now."""
        await self._say(queues.publish_sync, 1)

    async def publish_webhooks(self, webhook_ids: Sequence[UUID], seconds: float = 0.0) -> None:
        """Publish webhooks that are to be posted to customers, in so many seconds."""
        await self._say(partial(queues.publish_webhooks, webhook_ids, countdown=seconds), len(webhook_ids))

    async def _say(self, publish: Callable[[], None], count: int) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, publish)
        except queues.BROKER_TROUBLE:
            _log.warning("publisher.broker_away", count=count)

    async def _wake(self, wake: Mapping[str, Sequence[UUID]]) -> None:
        if not wake:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for waiter, send_ids in wake.items():
                    pipeline.publish(signals.settled_channel(waiter), signals.pack(send_ids))
                await pipeline.execute()
        except (RedisError, OSError):
            _log.warning("publisher.signals_away", waiters=len(wake))

    async def close(self) -> None:
        """Finish what is being published. What waits behind it, for a broker that hangs, is left to recovery."""
        await self._redis.aclose()
        self._threads.shutdown(cancel_futures=True)


def _publish(groups: Mapping[_Place, Sequence[UUID]]) -> None:
    for (lineage, queue, countdown), delivery_ids in groups.items():
        queues.publish_deliveries(delivery_ids, queue, countdown=countdown, root_id=lineage.root_id, parent_id=lineage.task_id)


def _is_near(place: _Place) -> bool:
    *_, countdown = place
    return countdown is None or countdown <= settings.get().horizon_seconds


def _grouped(items: Sequence[Publish]) -> dict[_Place, list[UUID]]:
    """Put deliveries that go to the same place under the same parent into the same tasks."""
    groups: dict[_Place, list[UUID]] = defaultdict(list)
    for item in items:
        groups[item.lineage, item.queue, item.countdown].extend(item.ids)
    return groups


def _by_second(deliveries: Sequence[Early]) -> dict[tuple[str, float], list[UUID]]:
    horizon = settings.get().horizon_seconds
    groups: dict[tuple[str, float], list[UUID]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.seconds <= horizon:
            groups[delivery.queue, min(math.ceil(delivery.seconds), horizon)].append(delivery.id)
    return groups
