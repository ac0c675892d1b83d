"""What a worker has in use."""

from collections.abc import Iterable

from celery.worker import state
from sqlalchemy import Pool

from shared import metrics
from shared.figures import endpoint, usage


class Usage:
    """One per worker process."""

    def start(self, pool: Pool) -> None:
        """Begin to count in this process, whose connections to Postgres are in a pool."""
        self._pool = pool
        self._queues = ""
        self._slots = 0
        endpoint.start(self._note)

    def ready(self, queues: Iterable[str], slots: int) -> None:
        """Say which queues the worker consumes, and how many tasks it runs at once."""
        self._queues, self._slots = ",".join(sorted(queues)), slots

    def _note(self) -> None:
        usage.note("worker", self._pool)
        if self._queues:
            metrics.WORKER_SLOTS.labels(self._queues, "most").set(self._slots)
            metrics.WORKER_SLOTS.labels(self._queues, "busy").set(len(state.active_requests))
