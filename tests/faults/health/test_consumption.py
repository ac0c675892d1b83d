"""Queues that stand still are noticed, and a worker that does not take from them ends itself: but never one that cannot help it."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.stack import Stack
from shared import consumption
from tests.faults.health.conftest import PATIENCE, STALLED_AFTER, THREADS, Ward
from tests.faults.health.test_readiness import halted
from tests.integration.api.caller import await_true


@contextmanager
def stopped(stack: Stack, name: str) -> Iterator[None]:
    """Stop a process where it is."""
    pid = stack.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_queue_without_a_worker(ward: Ward) -> None:
    with halted(ward.stack, "worker-send"):
        ward.send(3)
        await_true(lambda: ward.depth() > 0, PATIENCE)
        assert ward.ready("oldest_queued")[0] == 200
        found = ward.await_finding("consumption", "failing")
        assert ward.finding("broker")["depth"]["send"] == ward.depth()
        told = ward.doctor("consumption")
    assert re.match(r"queue send: [123] waiting, and for \d+ s no worker has taken any; ", found["problem"])
    assert found["untouched"]["send"] >= STALLED_AFTER
    assert set(found["untouched"]) == {"send"}
    assert (told["ok"], told["text"].startswith("queue send: ")) == (False, True)
    ward.await_ready()
    assert ward.depth() == 0


def test_a_worker_that_is_stopped_is_no_worker_and_goes_on_afterwards(ward: Ward) -> None:
    """Its own watch does not take the time for which it was stopped for idleness."""
    worker = ward.worker()
    with stopped(ward.stack, "worker-send"):
        ward.send(3)
        ward.await_finding("consumption", "failing")
        ward.watch(2 * STALLED_AFTER, lambda: ward.finding("consumption")["status"] == "failing")
    ward.await_ready()
    ward.watch(STALLED_AFTER, lambda: ward.worker() == worker)


def test_a_task_that_comes_after_a_long_silence_does_not_look_stalled(ward: Ward) -> None:
    assert ward.caller.post(Prefer="wait=20").status_code == 200
    with halted(ward.stack, "worker-send"):
        time.sleep(STALLED_AFTER)
        ward.send(1)
        await_true(lambda: ward.depth() == 1, PATIENCE)
        assert ward.finding("consumption") == {"status": "ok", "untouched": {"send": 0.0}}


def test_a_worker_that_does_not_consume_is_started_anew(ward: Ward) -> None:
    worker = ward.worker()
    ward.control().cancel_consumer("send", reply=True)
    ward.send(3)
    await_true(lambda: ward.stack.pid("worker-send") not in {worker, None}, PATIENCE)
    ward.await_ready()
    assert ward.depth() == 0
    line = ward.given_up()[-1]
    assert '"event": "watchdog.not_consuming"' in line
    assert '"queue": "send"' in line


def test_a_worker_that_does_not_consume_is_left_alone_while_nothing_waits(ward: Ward) -> None:
    worker = ward.worker()
    ward.control().cancel_consumer("send", reply=True)
    ward.watch(2 * STALLED_AFTER, lambda: ward.worker() == worker)
    ward.control().add_consumer("send", reply=True)
    ward.send(1)
    await_true(lambda: ward.depth() == 0, PATIENCE)


def test_a_worker_is_left_alone_while_another_takes_everything(ward: Ward) -> None:
    worker = ward.worker()
    ward.control().cancel_consumer("send", reply=True)
    with consumption.connect() as client:

        def taken_by_another() -> bool:
            consumption.note(client, ["send"])
            return ward.worker() == worker

        ward.send(3)
        ward.watch(3 * STALLED_AFTER, taken_by_another)
    assert ward.depth() > 0
    await_true(lambda: ward.stack.pid("worker-send") not in {worker, None}, PATIENCE)
    ward.await_ready()


def test_a_worker_whose_threads_are_all_busy_is_left_alone(ward: Ward) -> None:
    """The queue stands still all the same, and whoever probes is told so."""
    worker = ward.worker()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ward.use_provider(f"http://127.0.0.1:{silent.getsockname()[1]}")
        ward.send(4 * THREADS)
        found = ward.await_finding("consumption", "failing")
        assert "all busy" in found["problem"]
        ward.watch(STALLED_AFTER, lambda: ward.worker() == worker)
    await_true(lambda: ward.depth() == 0, PATIENCE)
    ward.await_finding("consumption", "ok")
    assert ward.worker() == worker


def test_a_worker_that_reconnects_is_left_alone(ward: Ward) -> None:
    """Celery pauses longer between two tries than what counts as stalled here."""
    given_up = ward.given_up()
    with halted(ward.stack, "redis"):
        ward.watch(3 * STALLED_AFTER, lambda: ward.given_up() == given_up)
    ward.publish()
    await_true(lambda: ward.depth() == 0, PATIENCE)
    ward.await_finding("consumption", "ok")
    assert ward.given_up() == given_up
