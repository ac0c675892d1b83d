"""Token buckets in Redis, by its own clock, and what becomes of requests when it is away."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import redis
from sqlalchemy import Engine
from structlog.testing import capture_logs

from api import buckets, limits
from api.buckets import Verdict
from api.limits import Kind
from shared import ids, settings

_MICROSECONDS = 1_000_000


@pytest.fixture(autouse=True)
def _own_buckets(own_process: Engine) -> Iterator[None]:  # noqa: ARG001 - the settings of that stack.
    buckets._buckets.cache_clear()
    yield
    buckets._buckets.cache_clear()


@pytest.fixture
def client(own_process: Engine) -> Iterator[redis.Redis]:  # noqa: ARG001 - likewise.
    with redis.Redis.from_url(settings.get().signals) as connected:
        yield connected


def take(identifier: UUID, per_minute: int = 3) -> Verdict:
    return limits.take("account", identifier, Kind.WRITE, per_minute)


def name(identifier: UUID) -> str:
    return f"antar:limit:account:{identifier}:write"


def let_pass(client: redis.Redis, identifier: UUID, seconds: float) -> None:
    """Make a bucket look as it will after a time."""
    client.incrby(name(identifier), -round(seconds * _MICROSECONDS))


def test_a_bucket_holds_what_flows_into_it_in_a_minute(client: redis.Redis) -> None:
    identifier = ids.new()
    taken = [take(identifier) for _ in range(4)]
    assert [(each.allowed, each.remaining) for each in taken] == [(True, 2), (True, 1), (True, 0), (False, 0)]
    assert {each.limit for each in taken} == {3}
    assert [each.retry_after for each in taken[:3]] == [0, 0, 0]
    assert 10 < taken[3].retry_after <= 20
    now = int(client.time()[0])
    assert [round((each.reset - now) / 20) for each in taken] == [1, 2, 3, 3]


@pytest.mark.parametrize("per_minute", [1, 7, 59, 60, 600])
def test_a_whole_bucket_is_taken_at_once_and_no_more(per_minute: int) -> None:
    identifier = ids.new()
    with ThreadPoolExecutor(4) as threads:
        started = time.monotonic()
        taken = list(threads.map(lambda _: take(identifier, per_minute).allowed, range(per_minute + 5)))
        flowed_in = int((time.monotonic() - started) * per_minute / 60) + 1
    assert per_minute <= sum(taken) <= per_minute + flowed_in


def test_it_fills_again_by_and_by(client: redis.Redis) -> None:
    identifier = ids.new()
    for _ in range(3):
        take(identifier)
    let_pass(client, identifier, 10)
    assert 0 < take(identifier).retry_after <= 10
    let_pass(client, identifier, 10)
    assert [take(identifier).allowed for _ in range(2)] == [True, False]
    let_pass(client, identifier, 600)
    assert [take(identifier).remaining for _ in range(2)] == [2, 1]


def test_a_full_bucket_is_not_kept(client: redis.Redis) -> None:
    identifier = ids.new()
    take(identifier)
    assert 10_000 < client.pttl(name(identifier)) <= 20_000
    take(identifier)
    assert 30_000 < client.pttl(name(identifier)) <= 40_000


def test_a_clock_that_went_back_locks_nobody_out(client: redis.Redis) -> None:
    identifier = ids.new()
    take(identifier)
    let_pass(client, identifier, -86_400)
    late = take(identifier)
    assert (late.allowed, late.retry_after) == (False, 20)


def test_each_has_its_own(client: redis.Redis) -> None:  # noqa: ARG001 - the stack.
    identifier = ids.new()
    assert [limits.take("account", identifier, kind, 1).allowed for kind in Kind] == [True] * 3
    assert limits.take("token", identifier, Kind.WRITE, 1).allowed
    assert take(ids.new(), 1).allowed
    assert not take(identifier, 1).allowed


def test_a_connection_that_redis_closed_is_opened_anew(client: redis.Redis) -> None:
    identifier = ids.new()
    take(identifier)
    client.client_kill_filter(_type="normal", skipme=True)
    assert take(identifier).remaining == 1


@pytest.fixture
def silent_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("ANTAR_SIGNAL_URL", f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        settings.get.cache_clear()
        buckets._buckets.cache_clear()
        yield listener
        monkeypatch.undo()
        settings.get.cache_clear()


def connections(listener: socket.socket) -> int:
    """Count who came, and let them go."""
    listener.settimeout(0)
    came = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return came
        came += 1


def test_while_redis_is_away_all_pass_and_it_is_asked_once_in_a_while(silent_signals: socket.socket) -> None:
    identifier = ids.new()
    started = time.monotonic()
    with capture_logs() as logs:
        taken = [take(identifier, 1) for _ in range(200)]
    assert time.monotonic() - started < buckets._REST
    assert {(each.allowed, each.limit, each.remaining, each.retry_after) for each in taken} == {(True, 1, 1, 0)}
    assert connections(silent_signals) == 1
    assert [line["event"] for line in logs] == ["limits.away"]


def test_redis_is_used_again_when_it_is_back() -> None:
    identifier = ids.new()
    own = buckets._buckets()
    with capture_logs() as logs:
        own._lose(ConnectionError())
        assert [take(identifier, 1).allowed for _ in range(2)] == [True, True]
        own._rests_until = 0.0
        assert [take(identifier, 1).allowed for _ in range(2)] == [True, False]
    assert [line["event"] for line in logs] == ["limits.away", "limits.back"]
