"""What somebody can do who writes to the broker, or speaks on its channels: nothing is sent by it, and nothing breaks."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import kombu
import pytest

from deploy.local.stack import Stack
from shared import ids, redis_clients, signals
from shared.queues import Queue, Task
from tests.acceptance import queue
from tests.acceptance.backend import Backend, deliveries

pytestmark = pytest.mark.steady

_WORKERS: Final = ("worker-send", "worker-bulk", "worker-events")
_NOT_LISTS: Final = (5, None, "dlv_x", {"a": 1}, [5], [None], [["dlv_x"]], ["dlv_x", "x" * 100_000], ["dlv_" + "0" * 26] * 10_000)


@pytest.fixture
def producer(stack: Stack) -> Iterator[kombu.Producer]:
    with queue.connection(stack) as connection, connection.channel() as channel:
        yield kombu.Producer(channel)


def _pids(stack: Stack) -> Mapping[str, str]:
    return {name: Path(stack.home.pids / f"{name}.pid").read_text() for name in _WORKERS}


def _forge(producer: kombu.Producer, task: str, arguments: Any, queue: str = Queue.SEND, **changes: Any) -> None:
    identifier = str(ids.new())
    properties = {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "correlation_id": identifier,
        "headers": {"task": task, "id": identifier, "root_id": identifier, "lang": "py", "argsrepr": "", "kwargsrepr": ""},
        **changes,
    }
    body = arguments if isinstance(arguments, bytes) else json.dumps([arguments, {}, {}]).encode()
    producer.publish(body, routing_key=queue, exchange="", **properties)


def _send(backend: Backend) -> tuple[str, str, str]:
    """Send by WAHA; give the send's id, its delivery's and its recipient."""
    body = backend.send({"whatsapp": 0})
    answer = backend.post(body, Prefer="wait=30").json()
    assert answer["status"] is True, answer
    return answer["id"], deliveries(backend.look_up(answer["id"]))["whatsapp"]["id"], body["target"]["whatsapp"]


def test_a_task_for_a_delivery_that_has_ended_sends_nothing(producer: kombu.Producer, backend: Backend) -> None:
    send_id, delivery_id, recipient = _send(backend)
    for _ in range(20):
        _forge(producer, Task.DELIVER, [[delivery_id]])
        _forge(producer, Task.SETTLE, [[send_id]])
        _forge(producer, Task.CONFIRM, [[delivery_id]])
    _send(backend)
    assert len(backend.received("whatsapp", recipient)) == 1
    assert backend.look_up(send_id)["state"] == "sent"


def test_arguments_that_are_none_leave_the_workers_as_they_are(producer: kombu.Producer, backend: Backend, stack: Stack) -> None:
    before = _pids(stack)
    for task in Task:
        for arguments in _NOT_LISTS:
            _forge(producer, task, [arguments])
        _forge(producer, task, [])
    _forge(producer, "os.system", ["id"])
    _forge(producer, "builtins.eval", ["1"])
    _send(backend)
    assert _pids(stack) == before


# Plays os.system("id").
_PICKLED: Final = (
    b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94."
)
_WORDS: Final = "words that nobody logs"
_WRITTEN: Final = json.dumps([[[_WORDS]], {}, {}]).encode()
_NAMED: Final = {"task": Task.DELIVER.value, "id": "a"}


def _log(stack: Stack) -> list[Any]:
    return [json.loads(line) for line in (stack.home.logs / "worker-send.log").read_text().splitlines() if line.startswith("{")]


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (_PICKLED, {"content_type": "application/x-python-serialize", "content_encoding": "binary"}),
        (b"!!python/object/apply:os.system [id]", {"content_type": "application/x-yaml"}),
        (b"{", {}),
        (b"[[], {}]", {}),
        (_WRITTEN, {"content_type": "text/plain", "content_encoding": "no-such-encoding"}),
        (_WRITTEN, {"headers": {}}),
        (_WRITTEN, {"headers": {"task": Task.DELIVER.value}}),
        (_WRITTEN, {"headers": {**_NAMED, "eta": []}}),
    ],
)
def test_what_is_no_task_is_thrown_away(
    producer: kombu.Producer, backend: Backend, stack: Stack, body: bytes, changes: Mapping[str, Any]
) -> None:
    before, logged = _pids(stack), _log(stack)
    _forge(producer, Task.DELIVER, body, **changes)
    _send(backend)
    assert _pids(stack) == before
    told = _log(stack)[len(logged) :]
    assert [line["event"] for line in told if line["logger"] == "tasks"] == ["task.unreadable"]
    assert _WORDS not in str(told)


@pytest.mark.parametrize("payload", [b"", b"x", b"\xff" * 17, b"\x00" * 16 * 100_000, b'{"a": 1}'])
def test_news_that_is_none_changes_nothing(backend: Backend, stack: Stack, payload: bytes) -> None:
    with redis_clients.connect(stack.environment().get("ANTAR_SIGNAL_URL") or stack.environment()["ANTAR_BROKER_URL"]) as client:
        heard = [name.decode() for name in client.pubsub_channels("antar:*")]
        assert signals.REVOKED in heard
        for channel in heard:
            client.publish(channel, payload)
    _send(backend)
