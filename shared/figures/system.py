"""What is the same wherever it is asked: what waits in Postgres and in the broker, and which servers answer."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, wait
from functools import cache
from typing import Any, Final

from prometheus_client import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared import consumption, health, metrics, queues
from shared.consumption import Backlog
from shared.db import engine
from shared.figures.seen import Labels, Seen
from shared.looks import Look
from shared.management import backlogs
from shared.management.backlogs import Backlogs

_FRESH: Final = 5.0
"""Seconds for which what was found answers others who ask."""
_PATIENCE: Final = 3.0
"""Seconds for which servers are waited for."""

_Numbers = Mapping[Labels, float]
Looked = Mapping[Seen, _Numbers]
"""What was looked up, by metric and labels."""
_AWAY: Final = (SQLAlchemyError, *consumption.AWAY)


class System(Collector):
    """What looks at the servers. A look that hangs is not begun again, and nobody waits for it for longer than a moment."""

    def __init__(self) -> None:
        self._postgres = Look(_postgres, _FRESH)
        self._waiting = Look(lambda: backlogs.look(_database()), _FRESH)
        self._broker = Look(_backlogs, _FRESH)
        self._signals = Look(_ping, _FRESH)

    def collect(self) -> Iterator[Metric]:
        """Give every metric that is looked up, also one that nothing is known of."""
        found = self.look()
        return (seen.family(found.get(seen, {})) for seen in metrics.SEEN)

    def look(self) -> Looked:
        """Look up everything; what a server that is away knows is left out."""
        waiting, tasks = self._waiting.begin(), self._broker.begin()
        asked: dict[str, Future[Any]] = {"postgres": self._postgres.begin(), "broker": tasks, "signals": self._signals.begin()}
        wait([*asked.values(), waiting], timeout=_PATIENCE)
        up: dict[Labels, float] = {(server,): float(_has_answered(future)) for server, future in asked.items()}
        in_postgres = _in_postgres(waiting.result()) if _has_answered(waiting) else {}
        in_broker = _in_broker(tasks.result()) if _has_answered(tasks) else {}
        return {metrics.SERVER_UP: up, **in_postgres, **in_broker}


@cache
def _database() -> Engine:
    return engine.create_apart()


def _has_answered(asked: Future[Any]) -> bool:
    """Whether a server has answered. Raises what a bug of ours raised."""
    if not asked.done():
        return False
    error = asked.exception()
    if error is not None and not isinstance(error, _AWAY):
        raise error
    return error is None


def _postgres() -> None:
    """Ask whether Postgres answers and takes writes. Raises :class:`ConnectionError` when it does not."""
    if health.postgres(_database()).problem:
        raise ConnectionError


def _backlogs() -> list[Backlog]:
    """Look at the queues; what is known without the signals is how many tasks wait."""
    try:
        return consumption.look()
    except RedisError:
        return [Backlog(queue=queue, depth=depth, untouched=0.0) for queue, depth in queues.depths().items()]


def _ping() -> None:
    with consumption.connect() as client:
        client.ping()


def _in_postgres(found: Backlogs) -> Looked:
    return {
        metrics.QUEUE_DUE: {(queue,): due.number for queue, due in found.due.items()},
        metrics.QUEUE_OLDEST: {(queue,): due.oldest for queue, due in found.due.items()},
        metrics.DELIVERIES_HELD: _one(found.held),
        metrics.DELIVERIES_QUARANTINED: _one(found.quarantined),
        metrics.WEBHOOKS_WAITING: _one(found.webhooks),
        metrics.WEBHOOKS_OLDEST: _one(found.webhooks_oldest),
        metrics.INBOX_WAITING: _one(found.inbox),
        metrics.KEYS: {(each.channel, each.status, each.code): each.number for each in found.keys},
        metrics.CAMPAIGNS: {(state,): number for state, number in found.campaigns.items()},
    }


def _in_broker(found: list[Backlog]) -> Looked:
    return {
        metrics.QUEUE_TASKS: {(each.queue,): each.depth for each in found},
        metrics.QUEUE_UNTOUCHED: {(each.queue,): each.untouched for each in found},
    }


def _one(number: float) -> _Numbers:
    return {(): number}
