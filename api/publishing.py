"""Publishing what was committed, away from the thread that commits: a broker that hangs must not hold up the intake."""

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

import structlog

from shared import queues

_log: Final = structlog.get_logger("publishing")


class Publisher:
    """A thread that publishes deliveries in full batches. What the broker refuses is left to recovery, which has it in Postgres."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[tuple[Sequence[UUID], queues.Queue]] = SimpleQueue()
        threading.Thread(target=self._run, name="publishing", daemon=True).start()

    def publish(self, delivery_ids: Sequence[UUID], queue: queues.Queue) -> None:
        """Publish deliveries soon; never waits and never fails."""
        if delivery_ids:
            self._waiting.put((delivery_ids, queue))

    def _run(self) -> None:
        while True:
            for queue, delivery_ids in self._gather().items():
                self._publish(delivery_ids, queue)

    def _gather(self) -> dict[queues.Queue, list[UUID]]:
        delivery_ids, queue = self._waiting.get()
        gathered = {queue: list(delivery_ids)}
        while True:
            try:
                delivery_ids, queue = self._waiting.get_nowait()
            except Empty:
                return gathered
            gathered.setdefault(queue, []).extend(delivery_ids)

    def _publish(self, delivery_ids: Sequence[UUID], queue: queues.Queue) -> None:
        try:
            queues.publish_deliveries(delivery_ids, queue.value)
        except queues.BROKER_TROUBLE:
            _log.warning("publishing.broker_away", deliveries=len(delivery_ids))
        except Exception:  # noqa: BLE001 - the thread outlives a bug; recovery publishes what it dropped.
            _log.exception("publishing.bug", deliveries=len(delivery_ids))
