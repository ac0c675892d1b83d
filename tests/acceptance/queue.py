"""What lies in the broker, as Redis has it: tasks that wait in their queues, and those that workers hold."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import redis

from deploy.local.stack import Stack
from shared.queues import Queue, Task


@contextmanager
def broker(stack: Stack) -> Iterator[redis.Redis]:
    """Connect to the broker of a stack."""
    with redis.Redis.from_url(stack.environment()["ANTAR_BROKER_URL"]) as client:
        yield client


def etas(client: redis.Redis) -> dict[datetime, int]:
    """Give how many deliveries are in tasks that are to run at each moment."""
    found: dict[datetime, int] = {}
    for message in (*_queued(client), *_held(client)):
        eta = message["headers"].get("eta")
        if eta and message["headers"]["task"] == Task.DELIVER:
            moment = datetime.fromisoformat(eta).astimezone(UTC)
            found[moment] = found.get(moment, 0) + message["headers"]["argsrepr"].count("dlv_")
    return found


def _queued(client: redis.Redis) -> Iterator[Any]:
    for queue in Queue:
        for name in client.keys(f"{queue.value}*"):
            if client.type(name) == b"list":
                yield from (json.loads(message) for message in client.lrange(name, 0, -1))


def _held(client: redis.Redis) -> Iterator[Any]:
    for entry in client.hvals("unacked"):
        yield json.loads(entry)[0]
