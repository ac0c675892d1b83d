"""Signals end a worker in time, whatever it is doing, and nothing is lost or sent twice."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from sqlalchemy import text

from shared.queues import Queue, Task
from tests.acceptance.backend import Backend, JsonObject, await_true
from tests.installation.apart import Installation
from tests.installation.child import Child
from tests.installation.relay import Relay

Wire = tuple[Relay, dict[str, str]]
Trouble = Callable[[Relay], None]

COLD_SECONDS: Final = 6.5
"""A cold end waits five seconds for calls under way."""
CODES: Final = {signal.SIGTERM: 0, signal.SIGINT: 1, signal.SIGQUIT: 0}
"""The exit codes of a worker that has ended in order; Celery counts Ctrl-C as a failure."""
IMPATIENT: Final = {"ANTAR_SHUTDOWN_SECONDS": "2"}

by_any = pytest.mark.parametrize("number", list(CODES))
by_supervisors = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])

away = pytest.mark.parametrize(
    ("trouble", "number"),
    [(Relay.cut, signal.SIGTERM), (Relay.hang, signal.SIGTERM), (Relay.hang, signal.SIGQUIT)],
    ids=["cut, SIGTERM", "hung, SIGTERM", "hung, SIGQUIT"],
)


@pytest.fixture
def worker(own: Installation) -> Iterator[Child]:
    with own.worker() as started:
        yield started.await_logged(" ready.")


def post(backend: Backend, body: JsonObject) -> str:
    answer = backend.post(body, Prefer="respond-async")
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def slow(backend: Backend, milliseconds: int) -> JsonObject:
    """Plan a send whose provider takes its time."""
    body = backend.send({"waba": 0})
    backend.fault("waba", "slow", to=body["target"]["waba"], latency_ms=milliseconds)
    return body


def received(backend: Backend, body: JsonObject) -> int:
    return len(backend.received("waba", body["target"]["waba"]))


def assert_stopped(worker: Child, left: int = 0) -> None:
    assert worker.logged(f'"left": {left}')
    assert worker.logged('"event": "worker.stopped"')


@by_any
def test_an_idle_worker_ends_at_once(worker: Child, number: signal.Signals) -> None:
    code, seconds = worker.end(number, 20)
    assert (code, seconds < 5) == (CODES[number], True)
    assert_stopped(worker)


@by_any
def test_a_call_under_way_is_waited_for(own: Installation, backend: Backend, worker: Child, number: signal.Signals) -> None:
    body = slow(backend, 2000)
    send = post(backend, body)
    await_true(lambda: own.states(send) == ["claimed"])
    assert worker.end(number, 20)[0] == CODES[number]
    assert (own.states(send), received(backend, body)) == (["sent"], 1)
    assert_stopped(worker)


@pytest.mark.parametrize(("first", "then"), [(signal.SIGTERM, signal.SIGQUIT), (signal.SIGINT, signal.SIGINT)], ids=str)
def test_a_second_signal_cuts_the_wait_short(
    own: Installation, backend: Backend, worker: Child, first: signal.Signals, then: signal.Signals
) -> None:
    body = backend.send({"waba": 0})
    backend.fault("waba", "hang", to=body["target"]["waba"])
    send = post(backend, body)
    await_true(lambda: own.states(send) == ["claimed"])
    worker.send(first)
    worker.await_logged("worker.stopping")
    code, seconds = worker.end(then, 20)
    assert (code, seconds < COLD_SECONDS) == (1, True)
    assert worker.logged("worker.gave_up")


@pytest.mark.parametrize(("number", "limit"), [(signal.SIGTERM, 2), (signal.SIGINT, 2), (signal.SIGQUIT, 5)], ids=str)
def test_a_call_that_does_not_end_is_left_to_its_lease(
    own: Installation, backend: Backend, number: signal.Signals, limit: float
) -> None:
    body = backend.send({"waba": 0})
    backend.fault("waba", "hang", to=body["target"]["waba"])
    with own.worker(IMPATIENT) as worker:
        worker.await_logged(" ready.")
        send = post(backend, body)
        await_true(lambda: own.states(send) == ["claimed"])
        code, seconds = worker.end(number, 20)
        assert code == 1
        assert limit - 0.5 < seconds < limit + 1.5
        assert worker.logged('"event": "worker.gave_up"')
        assert worker.logged('"left": 1')
    assert own.states(send) == ["claimed"]
    own.forget_the_dead()
    own.let_an_hour_pass()
    with own.worker():
        own.recover()
        await_true(lambda: own.states(send) == ["unknown worker_lost"])
    assert received(backend, body) == 0


@by_supervisors
def test_under_load_nothing_is_lost_and_nothing_sent_twice(own: Installation, backend: Backend, number: signal.Signals) -> None:
    bodies = [backend.send({"waba": 0}) for _ in range(60)]
    with own.worker() as worker:
        worker.await_logged(" ready.")
        sends = [post(backend, body) for body in bodies]
        _, seconds = worker.end(number, 20)
        assert seconds < COLD_SECONDS
        assert_stopped(worker)
    assert "claimed" not in states(own, sends)
    own.let_an_hour_pass()
    with own.worker():
        own.recover()
        await_true(lambda: states(own, sends) == {"sent": len(sends)})
    assert {received(backend, body) for body in bodies} == {1}


def states(own: Installation, sends: list[str]) -> Counter[str]:
    return Counter(state for send in sends for state in own.states(send))


@by_supervisors
def test_tasks_held_for_their_time_are_left_to_others(own: Installation, backend: Backend, number: signal.Signals) -> None:
    body = backend.send({"waba": 0})
    moment = int(time.time()) + 7
    body["context"] = {"timing": {"schedule": moment}}
    with own.worker() as worker:
        worker.await_logged(" ready.")
        send = post(backend, body)
        await_true(lambda: held(own) == 1)
        _, seconds = worker.end(number, 20)
        assert seconds < COLD_SECONDS
    assert held(own) == 0
    with own.worker():
        await_true(lambda: own.states(send) == ["sent"])
    assert time.time() >= moment
    assert received(backend, body) == 1


def held(own: Installation) -> int:
    """Count the tasks that workers hold."""
    with own.broker() as client:
        return int(client.hlen("unacked"))


def test_claims_that_wait_for_their_turn_are_given_back(own: Installation, backend: Backend, worker: Child) -> None:
    with own.database.begin() as connection:
        connection.execute(text("UPDATE channel_keys SET rate_per_second = 0.25"))
    bodies = [backend.send({"waba": 0}) for _ in range(3)]
    sends = [post(backend, body) for body in bodies]
    await_true(lambda: states(own, sends)["claimed"] >= 1 and states(own, sends)["sent"] >= 1)
    code, seconds = worker.end(signal.SIGTERM, 20)
    assert (code, seconds < 5) == (0, True)
    assert_stopped(worker)
    assert set(states(own, sends)) == {"sent", "queued"}
    own.let_an_hour_pass()
    with own.worker():
        own.recover()
        await_true(lambda: states(own, sends) == {"sent": len(sends)})
    assert [received(backend, body) for body in bodies] == [1] * len(bodies)


@away
def test_a_worker_whose_broker_is_away_records_its_calls(
    own: Installation, backend: Backend, broker: Wire, trouble: Trouble, number: signal.Signals
) -> None:
    wire, settings = broker
    body = slow(backend, 2000)
    with own.worker({**settings, "ANTAR_SHUTDOWN_SECONDS": "6"}) as worker:
        worker.await_logged(" ready.")
        send = post(backend, body)
        await_true(lambda: own.states(send) == ["claimed"])
        trouble(wire)
        _, seconds = worker.end(number, 20)
        assert seconds < 6 + 1.5
    assert (own.states(send), received(backend, body)) == (["sent"], 1)


@away
def test_a_worker_whose_postgres_is_away_ends(
    own: Installation, backend: Backend, postgres: Wire, trouble: Trouble, number: signal.Signals
) -> None:
    """One that was about to claim leaves it to others."""
    wire, settings = postgres
    body = backend.send({"waba": 0})
    with own.worker({**settings, "ANTAR_SHUTDOWN_SECONDS": "6"}) as worker:
        worker.await_logged(" ready.")
        trouble(wire)
        send = post(backend, body)
        await_true(lambda: held(own) == 1)
        _, seconds = worker.end(number, 20)
        assert seconds < 6 + 3 + 1.5
    wire.mend()
    own.forget_the_dead()
    own.let_an_hour_pass()
    with own.worker():
        own.recover()
        await_true(lambda: own.states(send) == ["sent"])
    assert received(backend, body) == 1


def test_a_task_that_comes_too_early_is_held_and_runs_on_time(own: Installation, backend: Backend, worker: Child) -> None:
    """As it does to a worker whose clock is ahead."""
    body = backend.send({"waba": 0})
    moment = int(time.time()) + 5
    body["context"] = {"timing": {"schedule": moment}}
    send = post(backend, body)
    own.publish(Task.DELIVER, own.deliveries(send), queue=Queue.SEND)
    worker.await_logged("holding.early")
    await_true(lambda: own.states(send) == ["sent"])
    assert moment <= time.time() < moment + 2
    assert (worker.end(signal.SIGTERM, 20)[0], received(backend, body)) == (0, 1)


def test_a_task_that_is_held_for_its_time_is_left_to_others(own: Installation, backend: Backend, worker: Child) -> None:
    body = backend.send({"waba": 0})
    moment = int(time.time()) + 8
    body["context"] = {"timing": {"schedule": moment}}
    send = post(backend, body)
    own.publish(Task.DELIVER, own.deliveries(send), queue=Queue.SEND)
    worker.await_logged("holding.early")
    code, seconds = worker.end(signal.SIGTERM, 20)
    assert (code, seconds < 5) == (0, True)
    with own.worker():
        await_true(lambda: own.states(send) == ["sent"])
    assert time.time() >= moment
    assert received(backend, body) == 1


def test_a_worker_that_cannot_start_says_so_and_ends(own: Installation) -> None:
    with own.worker({"ANTAR_JOURNAL_DIR": "/proc/nowhere"}) as worker:
        assert worker.ended(30) == 1
        assert worker.logged("worker.no_start")
