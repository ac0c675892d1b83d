"""What a worker makes of what lies in its queues: tasks are run, anything else is thrown away, and nothing ends it."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import MagicMock

import pytest
from celery.worker import state
from kombu import Message
from structlog.testing import capture_logs

from shared import ids
from shared.broker import RabbitTransport, Transport
from shared.queues import Task
from worker.app import app
from worker.consumer import Consumer

WORDS = "+6281234567890"
BODY = json.dumps([[[WORDS]], {}, {}]).encode()
ID = str(ids.new())
HEADERS = {"task": Task.DELIVER.value, "id": ID}
Take = Callable[[Message], None]


@pytest.fixture
def pool() -> MagicMock:
    return MagicMock(num_processes=1, limit=1)


@pytest.fixture(params=[Transport, RabbitTransport])
def take(request: pytest.FixtureRequest, pool: MagicMock) -> Take:
    own: Any = Consumer(
        on_task_request=lambda task: task.execute_using_pool(pool),
        app=app,
        pool=pool,
        controller=MagicMock(state=state),
        hostname="a@b",
        timer=MagicMock(),
        hub=None,
    )
    own.event_dispatcher, own.qos = MagicMock(), MagicMock()
    own.connection_errors, own.channel_errors = request.param.connection_errors, request.param.channel_errors
    own.update_strategies()
    taking: Take = own.create_task_handler()
    return taking


def _message(body: bytes = BODY, headers: Mapping[str, Any] = HEADERS, kind: str = "application/json") -> Any:
    make: Any = Message
    given = {"headers": dict(headers), "accept": {"application/json"}, "channel": MagicMock(no_ack_consumers=None)}
    return make(body, 1, kind, "utf-8", {"routing_key": "send"}, **given)


def test_a_task_is_run(take: Take, pool: MagicMock) -> None:
    message = _message()
    with capture_logs() as lines:
        take(message)
    assert pool.apply_async.called
    assert not message.acknowledged
    assert not lines


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"body": b"[[], {}]"}, "ValueError"),
        ({"body": b"5"}, "TypeError"),
        ({"body": b"{"}, "DecodeError"),
        ({"kind": "application/x-python-serialize"}, "ContentDisallowed"),
        ({"headers": {}}, "InvalidTaskError"),
        ({"headers": {"task": Task.DELIVER.value}}, "KeyError"),
        ({"headers": {**HEADERS, "id": [WORDS]}}, "TypeError"),
        ({"headers": {**HEADERS, "task": WORDS}}, "NotRegistered"),
        ({"headers": {**HEADERS, "task": [WORDS]}}, "TypeError"),
        ({"headers": {**HEADERS, "eta": WORDS}}, "InvalidTaskError"),
        ({"headers": {**HEADERS, "eta": []}}, "AttributeError"),
        ({"headers": {**HEADERS, "expires": []}}, "AttributeError"),
        ({"headers": {**HEADERS, "timelimit": 5}}, "TypeError"),
    ],
)
def test_what_is_no_task_is_thrown_away_in_one_line(take: Take, given: dict[str, Any], kind: str) -> None:
    message = _message(**given)
    with capture_logs() as lines:
        take(message)
    (line,) = lines
    assert (line["event"], line["error"].partition(" from ")[0]) == ("task.unreadable", kind)
    assert line["id"] == (ID if message.headers.get("id") == ID else None)
    assert WORDS not in str(lines)
    message.channel.basic_reject.assert_called_with(1, requeue=False)
    assert not [each for each in state.reserved_requests if each.message is message]


@pytest.mark.parametrize(
    "error", [ConnectionError(WORDS), TimeoutError(WORDS), RuntimeError("can't start new thread"), MemoryError()]
)
def test_what_no_message_is_to_blame_for_reaches_celery(take: Take, pool: MagicMock, error: Exception) -> None:
    pool.apply_async.side_effect = error
    message = _message()
    with pytest.raises(type(error)):
        take(message)
    assert not message.acknowledged


def test_a_connection_that_is_lost_while_something_is_thrown_away_reaches_celery(take: Take) -> None:
    message = _message(b"{")
    message.channel.basic_reject.side_effect = ConnectionError
    with pytest.raises(ConnectionError):
        take(message)
