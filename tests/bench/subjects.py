"""What is measured, as it is seen from outside: where it is posted to, and what became of the sends."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import psycopg
from psycopg import sql

from deploy.local import environment
from deploy.local.stack import Stack
from shared import ids
from tests.bench import figures, processes
from tests.bench.baselines import databases
from tests.bench.messages import Account

WORKER: Final = "worker"
_OTHERS: Final = "others"
_SERVERS: Final = ("postgres", "redis")
_ROLES: Final = {"api": "api", "worker-send": WORKER}
RUNNING: Final = "running"
SENT: Final = "sent"
_COUNT: Final = sql.SQL("SELECT count(*) FROM sends WHERE state = {} AND id >= %s")


class Taker(Protocol):
    """What takes sends."""

    name: str
    account: Account

    @property
    def port(self) -> int:
        """Where it takes them."""

    def pids(self) -> Mapping[str, Sequence[int]]:
        """Give its own processes, by what they do."""


class Subject(Taker, Protocol):
    """What also delivers them."""

    def begin(self) -> None:
        """Count from now on."""

    def running(self) -> int:
        """Count the sends that have not ended."""

    def sent(self) -> int:
        """Count the sends that were sent."""

    def clear(self) -> None:
        """Be rid of a backlog while the workers are stopped; where that would leave something undone, leave it to the workers."""


class Antar:
    """antar itself, on a stack."""

    name = figures.ANTAR

    def __init__(self, stack: Stack, account: Account) -> None:
        self.stack = stack
        self.account = account
        self.database = psycopg.connect(databases.conninfo(stack.environment()[environment.DATABASE_URL]), autocommit=True)
        self.begin()

    def close(self) -> None:
        """Leave its database."""
        self.database.close()

    @property
    def port(self) -> int:
        """The api's."""
        return self.stack.ports["api"]

    def pids(self) -> dict[str, list[int]]:
        """Give the api, the worker of the queue ``send``, and what else runs beside them."""
        found: dict[str, list[int]] = {"api": [], WORKER: [], _OTHERS: []}
        for name in self.stack.options.processes:
            if name not in _SERVERS:
                found[_ROLES.get(name, _OTHERS)] += self._family(name)
        return found

    def _family(self, name: str) -> list[int]:
        pid = self.stack.pid(name)
        return [] if pid is None else processes.family(pid)

    def begin(self) -> None:
        """Count what is posted from now on: ids are ordered by time."""
        self.first = ids.new_send()
        """Below every id that is counted."""

    def running(self) -> int:
        """Count the sends that have not ended, by their index."""
        return self._count(RUNNING)

    def sent(self) -> int:
        """Count the sends that were sent."""
        return self._count(SENT)

    def _count(self, state: str) -> int:
        # The state is written out: with a parameter the partial index could not be used.
        counted = self.database.execute(_COUNT.format(sql.Literal(state)), [self.first]).fetchone()
        assert counted is not None
        return int(counted[0])

    def clear(self) -> None:
        """Leave the backlog: what was accepted is delivered."""
