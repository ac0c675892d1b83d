"""What a person decides of a held delivery reaches the queue at once: nobody waits for recovery."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
import redis
from sqlalchemy import Engine, update

from deploy.local.stack import Stack
from shared import ids
from shared.db.tables import deliveries
from shared.queues import Queue, Task
from tests.integration.api.caller import Caller, await_true


@pytest.fixture
def broker(own_stack: Stack) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_stack.environment()["ANTAR_BROKER_URL"]) as client:
        yield client


@pytest.fixture
def held(caller: Caller, database: Engine) -> UUID:
    """A held delivery of a send that nobody works at."""
    send_id = ids.decode(ids.SEND, caller.post().json()["id"])
    assert send_id
    made = ids.delivery_of(send_id, 1)
    with database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == made).values(state="unknown", held=True))
    return made


def _told(broker: redis.Redis, task: Task, named: str) -> int:
    """Count the tasks of a kind that name something."""
    messages = [json.loads(message) for message in broker.lrange(Queue.SEND.value, 0, -1)]
    return sum(each["headers"]["task"] == task and named in each["headers"]["argsrepr"] for each in messages)


def test_a_release_is_published(caller: Caller, held: UUID, broker: redis.Redis) -> None:
    delivery = ids.encode(ids.DELIVERY, held)
    await_true(lambda: _told(broker, Task.DELIVER, delivery) == 1, 10)
    assert caller.http.post(f"/v1/deliveries/{delivery}/release", headers=caller.authorization).status_code == 200
    await_true(lambda: _told(broker, Task.DELIVER, delivery) == 2, 10)


@pytest.mark.parametrize("decision", ["fail", "confirm"])
def test_what_follows_a_decision_is_published(caller: Caller, held: UUID, broker: redis.Redis, decision: str) -> None:
    path = f"/v1/deliveries/{ids.encode(ids.DELIVERY, held)}/{decision}"
    assert caller.http.post(path, headers=caller.authorization).status_code == 200
    await_true(lambda: _told(broker, Task.SETTLE, ids.encode(ids.SEND, ids.send_of(held))) == 1, 10)
    assert caller.http.post(path, headers=caller.authorization).status_code == 409
