"""What antar is measured against, beside its stack: the naive service, and the bare limits."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import redis

from deploy.local import environment
from deploy.local.stack import Stack
from shared.domain.channels import Channel
from tests.bench import figures
from tests.bench.baselines import databases
from tests.bench.limit import delivery, intake
from tests.bench.messages import Account
from tests.bench.naive import Naive, serve
from tests.bench.subjects import RUNNING, SENT

_NAIVE_BROKER: Final = 5
_LIMIT_BROKER: Final = 6
"""The numbers of their Redis databases."""
_NAIVE_PROCESSES: Final = 16
"""Those of its worker's pool: more than the cores, since each of them waits for the provider."""


@dataclass
class Beside:
    """The naive service, beside a stack."""

    service: Naive
    broker_url: str
    name: str = figures.NAIVE

    def __post_init__(self) -> None:
        self.account = Account(token=self.service.token, keys=self.service.keys)
        self.begin()

    @property
    def port(self) -> int:
        """The api's."""
        return urlsplit(self.service.base_url).port or 0

    def pids(self) -> dict[str, list[int]]:
        """Give the api and the worker."""
        return {name.removeprefix("naive-"): pids for name, pids in self.service.pids().items()}

    def begin(self) -> None:
        """Count from what there is: nothing else adds to it."""
        self._before = dict[str, int]()
        self._before = self.service.states()

    def running(self) -> int:
        """Count the sends that have not ended."""
        return self._count(RUNNING)

    def sent(self) -> int:
        """Count the sends that were sent."""
        return self._count(SENT)

    def _count(self, state: str) -> int:
        return self.service.states().get(state, 0) - self._before.get(state, 0)

    def clear(self) -> None:
        """Empty its broker: delivering what it accepts takes it many times as long as accepting it."""
        with redis.Redis.from_url(self.broker_url) as broker:
            broker.flushdb()
        self.begin()


class BareIntake:
    """The bare intake, beside a stack."""

    name = figures.LIMIT

    def __init__(self, service: intake.Intake) -> None:
        self._service = service
        self.account = Account(token=service.token, keys=dict.fromkeys(Channel, "any"))

    @property
    def port(self) -> int:
        """The api's."""
        return urlsplit(self._service.base_url).port or 0

    def pids(self) -> dict[str, list[int]]:
        """Give its processes."""
        return {"api": [pid for pids in self._service.pids().values() for pid in pids]}


@dataclass(frozen=True, kw_only=True)
class Against:
    """All of them."""

    naive: Beside
    intake: BareIntake
    delivery: delivery.Delivery


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """What they have as antar has it."""

    api_workers: int
    api_threads: int
    batch: int
    """Deliveries that are claimed together at the most."""
    in_flight: int
    """Deliveries that a worker process has in hand at the most."""


@contextmanager
def start(home: Path, stack: Stack, provider_url: str, likeness: Likeness) -> Iterator[Against]:
    """Start them with their logs in ``home``, on the servers of the stack, each with databases of its own."""
    variables = stack.environment()
    brokers, database_url = variables[environment.BROKER_URL].rpartition("/")[0], variables[environment.DATABASE_URL]
    api = {"api_workers": likeness.api_workers, "api_threads": likeness.api_threads}
    naive_broker, limit_broker = f"{brokers}/{_NAIVE_BROKER}", f"{brokers}/{_LIMIT_BROKER}"
    with ExitStack() as held:
        naive_url = databases.named(database_url, "naive")
        naive = held.enter_context(serve(home / "naive", naive_url, naive_broker, provider_url, workers=_NAIVE_PROCESSES, **api))
        naive.resume_workers()
        taking = held.enter_context(intake.serve(home / "intake", databases.named(database_url, "limit_intake"), **api))
        delivering = held.enter_context(
            delivery.serve(
                home / "delivery",
                databases.named(database_url, "limit_delivery"),
                limit_broker,
                provider_url,
                workers=1,
                batch=likeness.batch,
                in_flight=likeness.in_flight,
            )
        )
        yield Against(naive=Beside(naive, naive_broker), intake=BareIntake(taking), delivery=delivering)
