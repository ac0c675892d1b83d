"""Publishing what was committed, away from the threads that commit: a broker that hangs must not hold up the intake."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

import structlog

from shared import producers, queues
from shared.domain.due import Due

_log: Final = structlog.get_logger("publishing")
_MOST: Final = 10_000
"""Commits whose work may wait here, while a broker hangs or is slow: recovery finds the rest."""
_REST: Final = 6
"""How many times longer than a publishing took it rests: under load it costs requests little of the interpreter, and workers get
fuller tasks; on an idle system its rest is over before anything comes."""
_REST_FOR_EACH: Final = 0.004
"""Seconds that it rests for each request that waits, but the one it would hold up. A task costs a worker far more than a delivery
in it: the more of them are under way, the sooner each has its outcome by having company."""
_LONGEST_REST: Final = 0.02
"""Seconds that it rests at the most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """What is to be published."""

    deliveries: list[Due] = field(default_factory=list)
    settle: list[UUID] = field(default_factory=list)
    """Sends that are to take their next step."""
    webhooks: list[UUID] = field(default_factory=list)
    """Webhooks in the inbox that are to be handled."""
    posts: list[UUID] = field(default_factory=list)
    """Webhooks to customers that are to be posted."""
    numbers: list[UUID] = field(default_factory=list)
    """Channel keys whose templates are to be read: their time has come in Postgres."""

    def add(self, more: "_Work") -> None:
        """Take more along."""
        self.deliveries.extend(more.deliveries)
        self.settle.extend(more.settle)
        self.webhooks.extend(more.webhooks)
        self.posts.extend(more.posts)
        self.numbers.extend(more.numbers)


class Publisher:
    """A thread that publishes deliveries in full batches. What the broker refuses is left to recovery, which has it in Postgres."""

    def __init__(self, crowd: Callable[[], int]) -> None:
        """``crowd`` counts the requests that wait for outcomes."""
        self._crowd = crowd
        self._waiting: SimpleQueue[_Work] = SimpleQueue()
        self._full = False
        threading.Thread(target=self._run, name="publishing", daemon=True).start()

    def publish(self, deliveries: Sequence[Due]) -> None:
        """Publish deliveries soon, each to run at its time; never waits and never fails."""
        if deliveries:
            self._put(_Work(deliveries=list(deliveries)))

    def settle(self, send_id: UUID) -> None:
        """Have a send take its next step soon; never waits and never fails."""
        self._put(_Work(settle=[send_id]))

    def handle(self, webhook_id: UUID) -> None:
        """Have a webhook in the inbox handled soon; never waits and never fails."""
        self._put(_Work(webhooks=[webhook_id]))

    def post(self, webhook_ids: Sequence[UUID]) -> None:
        """Have webhooks to customers posted soon; never waits and never fails."""
        if webhook_ids:
            self._put(_Work(posts=list(webhook_ids)))

    def sync(self, key_ids: Sequence[UUID]) -> None:
        """Have templates read soon from their provider; never waits and never fails."""
        if key_ids:
            self._put(_Work(numbers=list(key_ids)))

    def _put(self, work: _Work) -> None:
        if self._waiting.qsize() < _MOST:
            self._waiting.put(work)
        elif not self._full:
            self._full = True
            _log.warning("publishing.full", waiting=_MOST)

    def _run(self) -> None:
        cost = ended_at = 0.0
        while True:
            work = self._gather(cost, ended_at)
            began_at = time.monotonic()
            self._publish(work)
            ended_at = time.monotonic()
            cost = ended_at - began_at
            self._full = False

    def _gather(self, cost: float, ended_at: float) -> _Work:
        """Take all that waits, once there is something and the rest is over since publishing ended, which took so long."""
        first = self._waiting.get()
        if (left := ended_at + rest(cost, self._crowd()) - time.monotonic()) > 0:
            time.sleep(left)
        gathered = _Work()
        gathered.add(first)
        while True:
            try:
                gathered.add(self._waiting.get_nowait())
            except Empty:
                return gathered

    def _publish(self, work: _Work) -> None:
        counts = {
            "deliveries": len(work.deliveries),
            "sends": len(work.settle),
            "webhooks": len(work.webhooks),
            "posts": len(work.posts),
            "numbers": len(work.numbers),
        }
        try:
            with producers.keeping(queues.app):
                _publish(work)
        except queues.BROKER_TROUBLE:
            _log.warning("publishing.broker_away", **counts)
        except Exception:  # noqa: BLE001 - the thread outlives a bug; recovery publishes what it dropped.
            _log.exception("publishing.bug", **counts)


def rest(cost: float, crowd: int) -> float:
    """Give the seconds to rest after a publishing that took so many, while so many requests wait for outcomes."""
    return min(max(_REST * cost, _REST_FOR_EACH * (crowd - 1)), _LONGEST_REST)


def _publish(work: _Work) -> None:
    queues.publish_due(work.deliveries)
    if work.settle:
        queues.publish_settle(work.settle)
    if work.webhooks:
        queues.publish_receipts(work.webhooks)
    if work.posts:
        queues.publish_webhooks(work.posts)
    if work.numbers:
        queues.publish_sync()
