"""Publishing what was committed, away from the thread that commits: a broker that hangs must not hold up the intake."""

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Final

import structlog

from shared import queues
from shared.domain.due import Due

_log: Final = structlog.get_logger("publishing")


class Publisher:
    """A thread that publishes deliveries in full batches. What the broker refuses is left to recovery, which has it in Postgres."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Sequence[Due]] = SimpleQueue()
        threading.Thread(target=self._run, name="publishing", daemon=True).start()

    def publish(self, deliveries: Sequence[Due]) -> None:
        """Publish deliveries soon, each to run at its time; never waits and never fails."""
        if deliveries:
            self._waiting.put(deliveries)

    def _run(self) -> None:
        while True:
            self._publish(self._gather())

    def _gather(self) -> list[Due]:
        gathered = list(self._waiting.get())
        while True:
            try:
                gathered.extend(self._waiting.get_nowait())
            except Empty:
                return gathered

    def _publish(self, deliveries: Sequence[Due]) -> None:
        try:
            queues.publish_due(deliveries)
        except queues.BROKER_TROUBLE:
            _log.warning("publishing.broker_away", deliveries=len(deliveries))
        except Exception:  # noqa: BLE001 - the thread outlives a bug; recovery publishes what it dropped.
            _log.exception("publishing.bug", deliveries=len(deliveries))
