"""Signals end the api and beat in time; a request that was accepted is answered first."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.backend import await_true
from tests.installation.apart import Installation

both = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@both
def test_beat_ends_at_once(own: Installation, number: signal.Signals) -> None:
    with own.beat() as beat:
        beat.await_logged("beat: Starting")
        code, seconds = beat.end(number, 20)
        assert (code, seconds < 5) == (0, True)


@both
def test_an_idle_api_ends_at_once(own: Installation, number: signal.Signals) -> None:
    with own.api() as api:
        api.await_ready()
        began = time.monotonic()
        api.process.send_signal(number)
        assert api.process.wait(20) == 0
        assert time.monotonic() - began < 5


@both
def test_a_request_that_waits_for_its_outcome_is_answered_before_the_api_ends(own: Installation, number: signal.Signals) -> None:
    with own.api() as api, own.worker() as worker, ThreadPoolExecutor(1) as client:
        backend = api.await_ready().backend
        worker.await_logged(" ready.")
        body = backend.send({"waba": 0})
        backend.fault("waba", "slow", to=body["target"]["waba"], latency_ms=2500)
        answering = client.submit(backend.post, body, Prefer="wait=20")
        await_true(lambda: bool(own.rows("SELECT FROM deliveries WHERE state = 'claimed'")))
        api.process.send_signal(number)
        answer = answering.result(20)
        assert (answer.status_code, answer.json()["status"]) == (200, True)
        assert api.process.wait(20) == 0
        backend.sandbox.delete("/_sandbox/faults")
