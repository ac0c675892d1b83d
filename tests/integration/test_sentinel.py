"""Clients of Redis behind Sentinels, while the master is demoted, hangs and dies."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import kombu
import pytest
import redis
from redis.exceptions import RedisError

from api import waiting
from shared import broker, redis_clients
from tests.acceptance.backend import await_true
from tests.engines.sentinel import Group


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    started = Group(tmp_path_factory.mktemp("sentinel"))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def client(group: Group) -> Iterator[redis.Redis]:
    with redis_clients.connect(group.url, socket_timeout=0.5, socket_connect_timeout=0.5) as connected:
        yield connected


def _comes_to_pass(step: Callable[[], Any]) -> Callable[[], bool]:
    """Tell whether a step succeeds, be it after failures of a server that is going or coming."""

    def succeeds() -> bool:
        with suppress(RedisError, OSError):
            step()
            return True
        return False

    return succeeds


def test_a_master_that_was_demoted_is_left(group: Group, client: redis.Redis) -> None:
    client.set("kept", "1")
    client.replicaof("127.0.0.1", group.replicas()[0])
    with pytest.raises(redis.ConnectionError, match="now a slave"):
        client.set("kept", "2")
    with group.connected(group.master()) as direct:
        direct.replicaof("NO", "ONE")
    assert client.set("kept", "3")


def test_who_hears_a_master_that_hangs_turns_to_the_new_one(
    group: Group, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_QUIET", 0.3)
    hanging = group.master()
    pid = group.pid(hanging)
    assert pid is not None
    with client.pubsub() as subscription:  # type: ignore[no-untyped-call]
        subscription.subscribe("news")
        heard = waiting._heard(subscription)
        assert [message["type"] for message in next(heard)] == ["subscribe"]
        assert client.publish("news", b"1") == 1
        assert [message["data"] for message in next(heard)] == [b"1"]
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(redis.TimeoutError):
                next(heard)
            await_true(lambda: group.master() != hanging)
            await_true(_comes_to_pass(lambda: client.set("kept", "4")))
        finally:
            os.kill(pid, signal.SIGCONT)
    with client.pubsub() as subscription:  # type: ignore[no-untyped-call]
        subscription.subscribe("news")
        heard = waiting._heard(subscription)
        next(heard)
        client.publish("news", b"2")
        assert [message["data"] for message in next(heard)] == [b"2"]


def test_everybody_finds_the_new_master(group: Group, client: redis.Redis) -> None:
    client.set("kept", "5")
    killed = group.kill_master()
    await_true(_comes_to_pass(lambda: client.set("kept", "6")))
    await_true(lambda: group.master() != killed)
    await_true(_comes_to_pass(lambda: asyncio.run(_set_from_a_loop(group))))
    await_true(_comes_to_pass(lambda: _tell_by_kombu(group)))


async def _set_from_a_loop(group: Group) -> None:
    client = redis_clients.connect_async(group.url, socket_timeout=1, socket_connect_timeout=1)
    try:
        await client.set("kept", "7")
    finally:
        await client.aclose()


def _tell_by_kombu(group: Group) -> None:
    connection = kombu.Connection(broker.url(group.url), transport_options=broker.options(group.url, 600))
    with connection, connection.SimpleQueue("sentinel") as queue:
        queue.put("told")
        assert queue.get(timeout=5).payload == "told"
