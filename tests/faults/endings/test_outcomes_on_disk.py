"""Outcomes in hand while Postgres is away: no death of the worker loses them, and nothing is called twice."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.backend import Backend, await_true
from tests.installation.apart import Installation
from tests.installation.child import Child
from tests.installation.relay import Relay

Postgres = tuple[Relay, dict[str, str]]
Trouble = Callable[[Relay], None]
SENDS = 5

away = pytest.mark.parametrize("trouble", [Relay.cut, Relay.hang], ids=["cut", "hung"])


class Calls:
    """Some sends that are being called when Postgres goes away."""

    def __init__(self, own: Installation, backend: Backend, postgres: Postgres) -> None:
        self.own, self.backend = own, backend
        self.wire, self.settings = postgres
        self.bodies = [backend.send({"waba": 0}) for _ in range(SENDS)]

    def begin(self, worker: Child) -> None:
        """Have all of them called; the provider takes its time."""
        worker.await_logged(" ready.")
        for body in self.bodies:
            self.backend.fault("waba", "slow", to=body["target"]["waba"], latency_ms=1500)
        self.ids = [self.backend.post(body, Prefer="respond-async").json()["id"] for body in self.bodies]
        await_true(lambda: self.states() == ["claimed"] * SENDS)

    def states(self) -> list[str]:
        return [state for identifier in self.ids for state in self.own.states(identifier)]

    def accepted(self) -> list[int]:
        return [len(self.backend.received("waba", body["target"]["waba"])) for body in self.bodies]

    def attempts(self) -> list[str]:
        rows = self.own.rows("SELECT delivery_id, outcome FROM attempts")
        mine = {self.own.send_id(identifier).int >> 4 for identifier in self.ids}
        return [row.outcome for row in rows if row.delivery_id.int >> 4 in mine]

    def on_disk(self) -> int:
        """Count the outcomes in journals."""
        return sum(len(path.read_text().splitlines()) for path in self._journals())

    def _journals(self) -> list[Path]:
        return list(Path(self.own.environment["ANTAR_JOURNAL_DIR"]).glob("*.jsonl"))

    def assert_recorded_by_the_next(self) -> None:
        """Assert that the next worker's start records all of them, once."""
        self.wire.mend()
        with self.own.worker() as following:
            await_true(lambda: self.states() == ["sent"] * SENDS)
            following.await_logged("writer.replayed")
            await_true(lambda: self.on_disk() == 0)
            self.own.let_an_hour_pass()
            self.own.recover()
            await_true(self.own.is_quiet)
        self.assert_once()

    def assert_private(self) -> None:
        """Assert that nobody else reads what is on disk, and that it holds no credentials."""
        for path in self._journals():
            assert path.stat().st_mode & 0o077 == 0
            assert "sandbox-" not in path.read_text()

    def assert_once(self) -> None:
        assert (self.states(), self.accepted(), self.attempts()) == (["sent"] * SENDS, [1] * SENDS, ["sent"] * SENDS)


@pytest.fixture
def calls(own: Installation, backend: Backend, postgres: Postgres) -> Calls:
    return Calls(own, backend, postgres)


@away
def test_a_worker_that_is_killed_with_outcomes_in_hand(own: Installation, calls: Calls, trouble: Trouble) -> None:
    with own.worker(calls.settings) as worker:
        calls.begin(worker)
        trouble(calls.wire)
        await_true(lambda: calls.on_disk() == SENDS)
        calls.assert_private()
        worker.send(signal.SIGKILL)
        assert worker.ended(10) == -signal.SIGKILL
    own.forget_the_dead()
    calls.assert_recorded_by_the_next()


@away
def test_a_worker_that_is_stopped_while_postgres_is_away(own: Installation, calls: Calls, trouble: Trouble) -> None:
    with own.worker(calls.settings) as worker:
        calls.begin(worker)
        trouble(calls.wire)
        code, seconds = worker.end(signal.SIGTERM, 30)
        assert code == 0
        assert seconds < float(own.environment["ANTAR_SHUTDOWN_SECONDS"]) + 3
        assert calls.on_disk() == SENDS
        assert worker.logged("worker.stopped")
    calls.assert_recorded_by_the_next()


@away
def test_postgres_comes_back_in_time(own: Installation, calls: Calls, trouble: Trouble) -> None:
    with own.worker(calls.settings) as worker:
        calls.begin(worker)
        trouble(calls.wire)
        await_true(lambda: calls.on_disk() == SENDS)
        calls.wire.mend()
        await_true(lambda: calls.states() == ["sent"] * SENDS)
        await_true(lambda: calls.on_disk() == 0)
        assert worker.end(signal.SIGTERM, 30)[0] == 0
    calls.assert_once()
