"""Tasks on RabbitMQ: quorum queues, and what delays a task until its time.

RabbitMQ hands a task to a worker at once, whenever it is to run, and a worker cannot take more from a quorum queue than it began
with: tasks held for their time would keep out those that are due. So they wait in RabbitMQ. What Celery has for that counts whole
seconds, refuses less than one, and fills the worker with tasks in their last second; ours are queues as well, each of which delays
what passes through it by twice as long as the next, the last by an eighth of a second.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import kombu

_PARTS: Final = 8
"""Parts of a second that a task can be delayed by."""
_DUE: Final = "antar.due"
"""The exchange of tasks whose time has come."""
_RETURNS: Final = 100
"""How often a task is given back before RabbitMQ drops it: more often than restarts of workers do. Dropped is only one that ends
each worker that takes it; its deliveries are published anew by recovery, and counted there."""
_QUORUM: Final = {"x-queue-type": "quorum"}
_KEPT: Final = {**_QUORUM, "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
"""What waits is kept until the queue it passes on to has it."""

TRANSPORT_OPTIONS: Final = {
    "confirm_publish": True,
    "read_timeout": 5.0,
    "write_timeout": 5.0,
}
"""A task is published once a majority of the nodes has it on disk. A broker that hangs is given up after so many seconds; one that
cannot be reached any more sooner, by what py-amqp asks of TCP."""

HEARTBEAT: Final = 10
"""Seconds between signs of life that workers and RabbitMQ give each other; after two without, each takes the other for lost."""


def queue(name: str) -> kombu.Queue:
    """Give a queue that workers take from."""
    return kombu.Queue(name, kombu.Exchange(name), routing_key=name, queue_arguments={**_QUORUM, "x-delivery-limit": _RETURNS})


def later(name: str, seconds: float) -> Mapping[str, Any]:
    """Give the options by which a task is published that reaches a queue in so many seconds, and never before."""
    levels = [level for level in reversed(_levels(seconds)) if _in_parts(seconds) >> level & 1]
    return {"exchange": _wait(levels[0]), "routing_key": ".".join([*map(str, levels), name])}


def delaying(seconds: float) -> list[str]:
    """Name the queues in which tasks wait that are delayed by up to so many seconds."""
    return [_wait(level) for level in _levels(seconds)]


def of(routing_key: str) -> str:
    """Give the queue that a task has come from, by the key it was published under: it may have been delayed."""
    return routing_key.rpartition(".")[2]


def ensure_delays(producer: kombu.Producer, names: list[str], seconds: float) -> None:
    """Declare what delays tasks for these queues by up to ``seconds``, once a connection. Raises what publishing raises."""
    connection: Any = producer.connection
    if _DUE not in connection.declared_entities:
        declare = connection.ensure(producer, lambda: _declare(producer.channel, names, _levels(seconds)), max_retries=1)
        declare()
        connection.declared_entities.add(_DUE)


def _declare(channel: Any, names: list[str], levels: range) -> None:
    for entity in _delays(names, levels):
        entity(channel).declare()


def _delays(names: list[str], levels: range) -> Iterator[kombu.Exchange | kombu.Queue]:
    """Give what is to be declared, the last first: an exchange passes what does not wait at its level on to the next one."""
    due = kombu.Exchange(_DUE, type="topic")
    yield due
    for name in names:
        yield kombu.Queue(name, due, routing_key=f"#.{name}", queue_arguments=queue(name).queue_arguments)
    for level in levels:
        following = _wait(level - 1) if level else _DUE
        exchange = kombu.Exchange(_wait(level), type="topic", arguments={"alternate-exchange": following})
        waits = {**_KEPT, "x-message-ttl": 1000 * 2**level // _PARTS, "x-dead-letter-exchange": following}
        yield kombu.Queue(exchange.name, exchange, routing_key=f"#.{level}.#", queue_arguments=waits)


def _wait(level: int) -> str:
    return f"antar.wait.{level}"


def _levels(seconds: float) -> range:
    """Give the levels that delay by up to so many seconds."""
    return range(_in_parts(seconds).bit_length())


def _in_parts(seconds: float) -> int:
    return max(1, math.ceil(seconds * _PARTS))
