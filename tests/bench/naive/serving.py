"""Starting the naive service beside a stack."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import redis
from sqlalchemy import Engine, create_engine, func, insert, select

from deploy.local import ports, readiness
from deploy.local.process import Process
from deploy.local.processes import python
from tests.bench.baselines import databases, providers
from tests.bench.baselines.children import Children, granian
from tests.bench.naive import tables, variables

_API: Final = "naive-api"
_WORKER: Final = "naive-worker"


class Naive:
    """The running service."""

    def __init__(self, children: Children, engine: Engine, worker: Process, base_url: str) -> None:
        self._children = children
        self._engine = engine
        self._worker = worker
        self.base_url = base_url
        self.token = secrets.token_urlsafe()
        """The account's token."""
        self.keys: dict[str, str] = {}
        """The account's key for each channel."""

    def resume_workers(self) -> None:
        """Start the worker and return when it takes tasks."""
        self._children.start(self._worker)

    def outcomes(self) -> int:
        """Count the messages that have ended. Raises :class:`deploy.local.errors.NotReady` when a process died."""
        self._children.check()
        return sum(count for state, count in self.states().items() if state != "running")

    def states(self) -> dict[str, int]:
        """Count the messages by state: ``running``, ``sent``, ``failed``."""
        counts = select(tables.messages.c.state, func.count().label("messages")).group_by(tables.messages.c.state)
        with self._engine.connect() as connection:
            return {row.state: row.messages for row in connection.execute(counts)}

    def pids(self) -> dict[str, list[int]]:
        """Give the process ids of the api, and of the worker while it runs."""
        return self._children.pids()


@contextmanager
def serve(
    home: Path,
    database_url: str,
    broker_url: str,
    provider_url: str,
    *,
    api_workers: int,
    api_threads: int,
    workers: int,
) -> Iterator[Naive]:
    """Serve the naive service; its worker, with so many processes, starts with :meth:`Naive.resume_workers`.

    Logs are kept in ``home``. ``database_url`` and ``broker_url`` name databases of its own on the stack's servers: both are
    emptied. ``provider_url`` is the stand-in's, as :func:`tests.bench.baselines.providers.endpoints` takes it.
    """
    databases.recreate(database_url)
    with redis.Redis.from_url(broker_url) as broker:
        broker.flushdb()
    environment = {variables.DATABASE_URL: database_url, variables.BROKER_URL: broker_url}
    engine, port = create_engine(database_url), ports.choose(())
    with Children(home) as children:
        naive = Naive(children, engine, _worker(environment, workers), f"http://{ports.HOST}:{port}")
        _fill(engine, naive, providers.endpoints(provider_url))
        children.start(granian(_API, "tests.bench.naive.app:app", port, environment, workers=api_workers, threads=api_threads))
        yield naive
    engine.dispose()


def _worker(environment: Mapping[str, str], processes: int) -> Process:
    return Process(
        name=_WORKER,
        command=python("celery", "-A", "tests.bench.naive.tasks", "worker", "-c", str(processes)),
        environment=environment,
        is_ready=readiness.logged(variables.READY),
    )


def _fill(engine: Engine, naive: Naive, endpoints: Mapping[str, providers.Endpoint]) -> None:
    """Make the tables, an account, and its key for each channel."""
    tables.metadata.create_all(engine)
    naive.keys |= {channel: secrets.token_urlsafe() for channel in endpoints}
    with engine.begin() as connection:
        account_id = connection.execute(
            insert(tables.accounts).values(token=naive.token).returning(tables.accounts.c.id)
        ).scalar_one()
        rows = [
            {
                "account_id": account_id,
                "channel": channel,
                "token": naive.keys[channel],
                "url": each.url,
                "headers": dict(each.headers),
            }
            for channel, each in endpoints.items()
        ]
        connection.execute(insert(tables.channel_keys), rows)
