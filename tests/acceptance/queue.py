"""What lies in the broker: tasks that wait in their queues, and those that wait for their time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import kombu
import pytest
import redis

from deploy.local.stack import Stack
from shared import broker as brokers
from shared import rabbitmq, redis_clients, settings
from shared.queues import Queue, Task
from shared.settings import is_rabbitmq

_DELAYING: Final = rabbitmq.delaying(8)
"""RabbitMQ's queues, for the horizon that the stack of the tests has."""


class Broker(Protocol):
    """What tests ask of a broker."""

    def etas(self) -> dict[datetime, int]:
        """Give how many deliveries are in tasks that are to run at each moment."""
        ...

    def holds(self, moment: int) -> bool:
        """Whether it has a task for a second."""
        ...

    def empty(self) -> None:
        """Lose everything."""
        ...


@contextmanager
def broker(stack: Stack) -> Iterator[Broker]:
    """Connect to the broker of a stack."""
    url = stack.environment()["ANTAR_BROKER_URL"]
    if is_rabbitmq(url):
        with kombu.Connection(url) as connection:
            yield _RabbitMQ(connection)
    else:
        with redis_clients.connect(url) as client:
            yield _Redis(client)


def connection(stack: Stack) -> kombu.Connection:
    """Connect to it as Celery does."""
    url = stack.environment()["ANTAR_BROKER_URL"]
    return kombu.Connection(brokers.url(url), transport_options=brokers.options(url, settings.get().visibility_seconds))


def need_etas(stack: Stack) -> None:
    """Skip the test where nobody can tell for when tasks are."""
    if is_rabbitmq(stack.environment()["ANTAR_BROKER_URL"]):
        pytest.skip("RabbitMQ does not tell for when the tasks are that it delays")


class _Redis:
    """Tasks wait for their time with the workers, which have not acknowledged them."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def etas(self) -> dict[datetime, int]:
        found: dict[datetime, int] = {}
        for message in (*self._queued(), *self._held()):
            eta = message["headers"].get("eta")
            if eta and message["headers"]["task"] == Task.DELIVER:
                moment = datetime.fromisoformat(eta).astimezone(UTC)
                found[moment] = found.get(moment, 0) + message["headers"]["argsrepr"].count("dlv_")
        return found

    def holds(self, moment: int) -> bool:
        return any(round(eta.timestamp()) == moment for eta in self.etas())

    def empty(self) -> None:
        self._client.flushdb()

    def _queued(self) -> Iterator[Any]:
        for queue in Queue:
            for name in self._client.keys(f"{queue.value}*"):
                if self._client.type(name) == b"list":
                    yield from (json.loads(message) for message in self._client.lrange(name, 0, -1))

    def _held(self) -> Iterator[Any]:
        for entry in self._client.hvals("unacked"):
            yield json.loads(entry)[0]


class _RabbitMQ:
    """Tasks wait for their time in queues that cannot be read without delaying them."""

    def __init__(self, connection: kombu.Connection) -> None:
        self._connection = connection

    def etas(self) -> dict[datetime, int]:
        raise NotImplementedError

    def holds(self, _moment: int) -> bool:
        return any(map(self._waiting, _DELAYING))

    def empty(self) -> None:
        with self._connection.channel() as channel:
            for name in (*Queue, *_DELAYING):
                kombu.Queue(name, channel=channel).purge()

    def _waiting(self, name: str) -> int:
        with self._connection.channel() as channel:
            declared: Any = kombu.Queue(name, channel=channel).queue_declare(passive=True)
            return int(declared.message_count)
