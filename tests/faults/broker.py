"""What lies in the broker: tasks that wait in a queue, and those that a worker holds and has not acknowledged."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import redis

from deploy.local.stack import Stack
from shared.queues import Queue, Task

_HELD: Final = "unacked"

Raw = bytes | str


def is_drained(stack: Stack) -> bool:
    """Tell whether no delivery is in any task, and the broker can be asked."""
    try:
        return not any(task["headers"]["task"] == Task.DELIVER for task in tasks(stack))
    except redis.RedisError:
        return False


def tasks(stack: Stack) -> list[dict[str, Any]]:
    """Give every task. Raises :class:`redis.RedisError` while the broker is away."""
    with redis.Redis.from_url(stack.environment()["ANTAR_BROKER_URL"], socket_timeout=2) as client:
        return [*_decoded(_queued(client)), *(entry[0] for entry in _decoded(_held(client)))]


def etas(found: Iterable[dict[str, Any]]) -> list[datetime]:
    """Give the moments at which tasks are to run that are not to run at once."""
    return [datetime.fromisoformat(task["headers"]["eta"]).astimezone(UTC) for task in found if task["headers"].get("eta")]


def _queued(client: redis.Redis) -> Iterator[Raw]:
    """Walk over the lists of the queues: priorities have a list each."""
    for queue in Queue:
        for name in client.keys(f"{queue.value}*"):
            if client.type(name) == b"list":
                yield from client.lrange(name, 0, -1)


def _held(client: redis.Redis) -> list[Raw]:
    return client.hvals(_HELD)


def _decoded(entries: Iterable[Raw]) -> Iterator[Any]:
    return (json.loads(entry) for entry in entries)
