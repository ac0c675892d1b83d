"""What clients of Redis are made of, by the URL."""

import asyncio
from typing import Any

import pytest

from shared import redis_clients

_SENTINELS = "sentinel://antar:pw@a:1,b:2/3?master=main&sentinel_password=s"


def _of_loop(url: str, **options: Any) -> Any:
    async def make() -> Any:
        return redis_clients.connect_async(url, **options)

    return asyncio.run(make())


@pytest.mark.parametrize("connect", [redis_clients.connect, _of_loop])
def test_sentinels_and_the_master_are_each_asked_with_their_own_password(connect: Any) -> None:
    pool = connect(_SENTINELS, socket_timeout=0.5).connection_pool
    wanted = {"username": "antar", "password": "pw", "db": 3, "socket_timeout": 0.5, "socket_keepalive": True}
    assert wanted.items() <= pool.connection_kwargs.items()
    assert pool.service_name == "main"
    asked = [sentinel.connection_pool.connection_kwargs for sentinel in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"], each["password"], each["socket_timeout"]) for each in asked] == [
        ("a", 1, "s", 0.5),
        ("b", 2, "s", 0.5),
    ]
    # Who does not answer is not asked again: the next one is.
    assert [each["retry"] for each in asked] == [None, None]


@pytest.mark.parametrize("connect", [redis_clients.connect, _of_loop])
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:pw@a:1/3", {"host": "a", "port": 1, "password": "pw", "db": 3, "socket_keepalive": True}),
        ("rediss://a/0", {"host": "a", "db": 0, "socket_keepalive": True}),
        ("unix:///run/redis.sock?db=1", {"path": "/run/redis.sock", "db": 1}),
    ],
)
def test_one_server_is_reached_as_its_url_says(connect: Any, url: str, expected: dict[str, Any]) -> None:
    arguments = connect(url, socket_timeout=0.5).connection_pool.connection_kwargs
    assert {**expected, "socket_timeout": 0.5}.items() <= arguments.items()
    assert ("socket_keepalive" in arguments) == ("host" in expected)


def test_a_url_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="Redis URL"):
        redis_clients.connect("amqp://a")
