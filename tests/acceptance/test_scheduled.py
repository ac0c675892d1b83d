"""Scheduled sends run at their second, whatever happens to the broker and the workers meanwhile."""

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from shared import ids
from shared.management import promotion
from tests.acceptance import queue
from tests.acceptance.backend import Backend, await_true, deliveries
from tests.integration import this_process

HORIZON = 8
"""Seconds, as the stack of the tests has it."""


pytestmark = pytest.mark.steady


def schedule(body: dict[str, Any], moment: int, **timing: int) -> dict[str, Any]:
    """Give a send its time."""
    return {**body, "context": {"timing": {"schedule": moment, **timing}}}


def soon(seconds: int) -> int:
    """Give the full second that is at least so many seconds ahead."""
    return int(time.time()) + seconds + 1


def lateness(backend: Backend, channel: str, to: str, moment: int) -> float:
    """Give the seconds after its time at which the only message to a recipient was received."""
    (message,) = backend.received(channel, to)
    return datetime.fromisoformat(message["received_at"]).timestamp() - moment


@pytest.fixture
def workers(stack: Stack) -> Iterator[Stack]:
    """A stack whose sending worker runs again afterwards, whatever happened."""
    yield stack
    if stack.pid("worker-send") is None:
        stack.resume("worker-send")
    stack.await_ready("worker-send")


@pytest.mark.parametrize("seconds", [2, HORIZON + 2])
def test_a_send_runs_at_its_second(backend: Backend, seconds: int) -> None:
    moment = soon(seconds)
    bodies = [schedule(backend.send({channel: 0}), moment) for channel in ("waba", "telegram", "email") for _ in range(5)]
    sent = [backend.post(body).json()["id"] for body in bodies]
    assert {backend.ended(identifier)["state"] for identifier in sent} == {"sent"}
    for body in bodies:
        (channel,) = body["keys"]
        assert 0 <= lateness(backend, channel, body["target"][channel], moment) < 3


def test_a_send_stays_scheduled_until_its_time(backend: Backend) -> None:
    identifier = backend.post(schedule(backend.send({"waba": 0, "email": 1}), soon(3))).json()["id"]
    send = backend.look_up(identifier)
    states = {channel: each["state"] for channel, each in deliveries(send).items()}
    assert (send["state"], states) == ("scheduled", {"waba": "queued", "email": "waiting"})
    assert deliveries(send)["waba"]["not_before"] == send["schedule_at"]
    assert [entry["kind"] for entry in send["timeline"]] == ["accepted", "scheduled"]
    ended = backend.ended(identifier)
    assert (ended["state"], deliveries(ended)["email"]["state"]) == ("sent", "skipped")
    assert [entry["kind"] for entry in ended["timeline"]][:3] == ["accepted", "scheduled", "tier_opened"]


def test_no_task_lies_beyond_the_horizon(stack: Stack, backend: Backend) -> None:
    queue.need_etas(stack)
    now = int(time.time())
    moments = range(now + 3, now + HORIZON + 6)
    sent = [backend.post(schedule(backend.send({"waba": 0}), moment)).json()["id"] for moment in moments for _ in range(3)]
    seen: set[datetime] = set()
    with queue.broker(stack) as broker:
        while any(backend.look_up(identifier)["state"] == "scheduled" for identifier in sent[-3:]):
            etas = broker.etas()
            assert max(etas, default=datetime.now(UTC)) <= datetime.now(UTC) + timedelta(seconds=HORIZON)
            seen |= etas.keys()
            time.sleep(0.2)
    assert len({round(eta.timestamp()) for eta in seen} & set(moments)) == len(moments)


def test_sends_of_one_second_share_tasks(stack: Stack, backend: Backend) -> None:
    queue.need_etas(stack)
    moment = soon(HORIZON + 2)
    for _ in range(30):
        backend.post(schedule(backend.send({"waba": 0}), moment))
    shared: dict[datetime, int] = {}
    with queue.broker(stack) as broker:

        def promoted() -> bool:
            shared.update({eta: size for eta, size in broker.etas().items() if round(eta.timestamp()) == moment})
            return sum(shared.values()) == 30

        await_true(promoted)
    assert len(shared) <= 2


def test_two_promotions_at_once_promote_each_send_once(stack: Stack, backend: Backend) -> None:
    moment = soon(HORIZON + 20)
    sent = {backend.post(schedule(backend.send({"waba": 0, "telegram": 0, "email": 1}), moment)).json()["id"] for _ in range(12)}
    with this_process.set_up({**stack.environment(), "ANTAR_HORIZON_SECONDS": "60"}) as engine:
        with engine.begin() as one, engine.begin() as other:
            promoted = [promotion.promote_due(one, 5), promotion.promote_due(other, 1000), promotion.promote_due(one, 1000)]
        with engine.begin() as third:
            assert promotion.promote_due(third, 1000) == []
    sizes = [len(due) for due in promoted]
    assert (sizes[0], sizes[2]) == (10, 0)
    opened = [ids.encode(ids.SEND, ids.send_of(each.id)) for due in promoted for each in due]
    assert all(opened.count(identifier) == 2 for identifier in sent)
    for identifier in sent:
        assert backend.delete(f"/v1/sends/{identifier}").status_code == 200


def test_a_flushed_broker_makes_a_send_late_and_no_more(stack: Stack, backend: Backend) -> None:
    moment = soon(3)
    body = schedule(backend.send({"waba": 0}), moment)
    identifier = backend.post(body).json()["id"]
    with queue.broker(stack) as broker:
        await_true(lambda: broker.holds(moment))
        stack.halt("worker-send")
        broker.empty()
    stack.resume("worker-send")
    assert backend.ended(identifier)["state"] == "sent"
    assert 0 <= lateness(backend, "waba", body["target"]["waba"], moment) < 10


@pytest.mark.parametrize("kill", [False, True])
def test_a_worker_that_holds_the_tasks_is_replaced(workers: Stack, backend: Backend, kill: bool) -> None:  # noqa: FBT001 - a case.
    moment = soon(6)
    bodies = [schedule(backend.send({"waba": 0}), moment) for _ in range(10)]
    sent = [backend.post(body).json()["id"] for body in bodies]
    if kill:
        workers.kill("worker-send", signal.SIGKILL)
        workers.await_ready("worker-send")
    else:
        workers.restart("worker-send")
    assert {backend.ended(identifier)["state"] for identifier in sent} == {"sent"}
    assert all(0 <= lateness(backend, "waba", body["target"]["waba"], moment) < 15 for body in bodies)


def test_a_send_whose_worker_is_away_too_long_expires(workers: Stack, backend: Backend) -> None:
    workers.halt("worker-send")
    moment, key = soon(1), str(uuid4())
    body = schedule(backend.send({"waba": 0, "telegram": 0, "email": 1}), moment, expires_at=moment + 1)
    identifier = backend.post(body, Idempotency_Key=key).json()["id"]
    time.sleep(moment + 1.2 - time.time())
    workers.resume("worker-send")
    send = backend.ended(identifier)
    assert send["state"] == "expired"
    assert {channel: (each["state"], each["code"]) for channel, each in deliveries(send).items()} == {
        "waba": ("cancelled", "expired"),
        "telegram": ("cancelled", "expired"),
        "email": ("skipped", None),
    }
    answer = backend.post(body, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["status"], set(answer.json()["channels"])) == (200, False, {"waba", "telegram"})
    assert not any(backend.received(channel, body["target"][channel]) for channel in ("waba", "telegram", "email"))


def test_a_later_tier_is_not_opened_after_the_expiry(backend: Backend) -> None:
    moment = soon(1)
    body = schedule(backend.send({"waba": 0, "email": 1}), moment, expires_at=moment + 2)
    backend.fault("waba", "hang", to=body["target"]["waba"])
    send = backend.ended(backend.post(body).json()["id"])
    assert (send["state"], deliveries(send)["email"]["code"]) == ("unknown", "expired")
    assert not backend.received("email", body["target"]["email"])
