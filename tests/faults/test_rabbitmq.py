"""RabbitMQ dies while sends run, as by a power cut, and comes back: the workers too, nothing is lost, and nothing is sent twice."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from deploy.local import demo
from deploy.local.stack import Options, Stack
from tests.acceptance import conformance
from tests.acceptance.backend import Backend
from tests.engines import engine, rabbitmq
from tests.faults.scenario import Say

_VARIABLES: Final = {
    "ANTAR_RECOVER_INTERVAL": "2",
    "ANTAR_REPUBLISH_AFTER": "10",
    "ANTAR_PROMOTE_INTERVAL": "2",
    "ANTAR_WRITE_PER_MINUTE": "100000",
}
_SENDS: Final = 900
_PER_SECOND: Final = 30.0
_KILLS: Final = (6.0, 20.0)
"""Seconds after which it is killed, while sends come in."""
_SCHEDULED: Final = 10
"""Seconds by which every third send is ahead of its time: RabbitMQ delays its task."""

pytestmark = pytest.mark.skipif(bool(engine.missing(rabbitmq)), reason="RabbitMQ is not installed")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[rabbitmq.Broker]:
    started = rabbitmq.Broker(tmp_path / "rabbitmq")
    started.start()
    yield started
    started.servers.stop()


@pytest.fixture
def backend(tmp_path: Path, broker: rabbitmq.Broker) -> Iterator[Backend]:
    with Stack(tmp_path / "antar", Options(environment={**_VARIABLES, "ANTAR_BROKER_URL": broker.url})) as stack:
        known: dict[str, Any] = demo.ensure(stack)
        with conformance.client(stack.base_url) as http, httpx.Client(base_url=stack.sandbox_url) as sandbox:
            mine = {name: known[name] for name in ("token", "keys", "templates")}
            yield Backend(http=http, sandbox=sandbox, **mine)


def test_nothing_is_lost_or_doubled(broker: rabbitmq.Broker, backend: Backend, say: Say) -> None:
    kills = [threading.Timer(seconds, broker.kill) for seconds in _KILLS]
    for each in kills:
        each.start()
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        sent = list(pool.map(lambda number: _post(backend, number, began), range(_SENDS)))
    for each in kills:
        each.join()
    states = [backend.ended(identifier, 180)["state"] for identifier, _ in sent]
    say(f"{_SENDS} sends, RabbitMQ killed {len(_KILLS)} times: all ended {time.monotonic() - began:.0f} s after the first")
    assert states == ["sent"] * _SENDS
    assert [len(backend.received("waba", to)) for _, to in sent] == [1] * _SENDS


def _post(backend: Backend, number: int, began: float) -> tuple[str, str]:
    """Post one send at its turn; give its id and its recipient."""
    time.sleep(max(0.0, began + number / _PER_SECOND - time.monotonic()))
    body = backend.send({"waba": 0})
    if number % 3 == 0:
        body["context"] = {"timing": {"schedule": int(time.time()) + _SCHEDULED}}
    answer = backend.post(body, Prefer="respond-async").raise_for_status()
    return answer.json()["id"], body["target"]["waba"]
