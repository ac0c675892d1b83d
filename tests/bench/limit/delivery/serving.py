"""Starting the bare delivery beside a stack, and giving it work."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
import redis

from deploy.local import readiness
from deploy.local.process import Process
from deploy.local.processes import python
from tests.bench.baselines import databases
from tests.bench.baselines.children import Children
from tests.bench.limit import database, sends, variables
from tests.bench.limit.delivery.worker import READY

_PREPARED: Final = "limit:prepared"
_CHUNK: Final = 500
_TICK_SECONDS: Final = 0.01
_FIRST_NUMBER: Final = 6_281_200_000_000
_TEXT: Final = {"type": "text", "message": "Hi Alex, your order is ready."}


class Delivery:
    """The running processes, their tables and their queue."""

    def __init__(self, children: Children, connection: psycopg.Connection[Any], broker: redis.Redis) -> None:
        self._children = children
        self._connection = connection
        self._broker = broker
        self._account_id, self._key_id = uuid4().hex, uuid4().hex
        self._numbers = count(_FIRST_NUMBER)

    def prepare(self, number: int, tiers: Sequence[str]) -> None:
        """Insert so many sends, whose tiers have these channels, and keep their first deliveries for :meth:`run`."""
        for start in range(0, number, _CHUNK):
            rows = [self._rows(tiers) for _ in range(min(_CHUNK, number - start))]
            self._connection.execute(sends.INSERT, sends.parameters(rows))
            self._broker.rpush(_PREPARED, *(sends.delivery_id(each.id, 0) for each in rows))

    def _rows(self, tiers: Sequence[str]) -> sends.Rows:
        target = str(next(self._numbers))
        parts = [sends.Part(channel=channel, key_id=self._key_id, target=target, content=_TEXT) for channel in tiers]
        return sends.rows(self._account_id, parts, {})

    def start(self) -> None:
        """Queue what was prepared."""
        self._broker.rename(_PREPARED, READY)

    def run(self) -> float:
        """Queue what was prepared and wait until all of it has ended; give the seconds that took.

        Raises :class:`deploy.local.errors.NotReady` when a process died.
        """
        started = time.perf_counter()
        self.start()
        while self._is_running():
            self._children.check()
            time.sleep(_TICK_SECONDS)
        return time.perf_counter() - started

    def _is_running(self) -> bool:
        row = self._connection.execute("SELECT EXISTS (SELECT FROM sends WHERE state = 'running')").fetchone()
        return row is not None and bool(row[0])

    def outcomes(self) -> int:
        """Count the sends that have ended. Raises as :meth:`run`."""
        self._children.check()
        return sum(sends for state, sends in self.states().items() if state != "running")

    def states(self) -> dict[str, int]:
        """Count the sends by state: ``running``, ``sent``, ``failed``."""
        return dict(self._connection.execute("SELECT state, count(*) FROM sends GROUP BY state").fetchall())

    def pids(self) -> dict[str, list[int]]:
        """Give the process ids."""
        return self._children.pids()


@contextmanager
def serve(
    home: Path, database_url: str, broker_url: str, provider_url: str, *, workers: int, batch: int, in_flight: int
) -> Iterator[Delivery]:
    """Start so many processes, which wait for work, with their logs in ``home``.

    ``database_url`` and ``broker_url`` name databases of its own on the stack's servers: both are emptied. ``provider_url`` is the
    stand-in's, as :func:`tests.bench.baselines.providers.endpoints` takes it. Of one process are ``batch``, the deliveries claimed
    together at the most, and ``in_flight``, those claimed and not yet recorded at the most.
    """
    database.make(database_url)
    environment = {
        variables.DATABASE_URL: database_url,
        variables.BROKER_URL: broker_url,
        variables.PROVIDER_URL: provider_url,
        variables.BATCH: str(batch),
        variables.IN_FLIGHT: str(in_flight),
    }
    conninfo = databases.conninfo(database_url)
    with (
        psycopg.connect(conninfo, **database.OPTIONS) as connection,
        redis.Redis.from_url(broker_url) as broker,
        Children(home) as children,
    ):
        broker.flushdb()
        children.start(*(_process(number, environment) for number in range(1, workers + 1)))
        yield Delivery(children, connection, broker)


def _process(number: int, environment: dict[str, str]) -> Process:
    return Process(
        name=f"limit-delivery-{number}",
        command=python("tests.bench.limit.delivery"),
        environment=environment,
        is_ready=readiness.logged("ready"),
    )
