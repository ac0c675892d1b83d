"""The watchdog's own part: the event loop it asks, and how it ends a process."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared import consumption, settings
from shared.consumption import Backlog
from worker import watchdog
from worker.watchdog import Watchdog


class _Runtime:
    """A loop in a thread, as a worker's is, and a writer whose outcomes can be put on disk."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._loop.run_forever)
        self.thread.start()
        self.process = self.writer = self
        self.spilled = 0

    def run(self, coroutine: Coroutine[Any, Any, Any], seconds: float) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    def do(self, what: Callable[..., Any], *arguments: Any) -> None:
        self._loop.call_soon_threadsafe(what, *arguments)

    def spill(self) -> None:
        self.spilled += 1

    def close(self) -> None:
        """End once everything that was asked of the loop is done."""
        self.run(asyncio.sleep(0), 10)
        self.do(self._loop.stop)
        self.thread.join()
        self._loop.close()


class _Watched(Watchdog):
    """A watchdog whose thread does not start, and which only notes that it would end the process."""

    def __init__(self, runtime: Any) -> None:
        self.ended: list[int] = []
        super().__init__(self.ended.append)
        self._runtime = runtime
        self._consumed = frozenset({"send"})

    def check(self, idle: float = 100.0) -> float:
        return self._check(idle, 10.0, late=False)


@pytest.fixture
def runtime() -> Iterator[_Runtime]:
    made = _Runtime()
    yield made
    made.close()


@pytest.fixture
def backlogs(monkeypatch: pytest.MonkeyPatch) -> list[Backlog]:
    listed = [Backlog(queue="send", depth=3, untouched=0.0)]
    monkeypatch.setattr(consumption, "look", lambda: listed)
    return listed


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    short = settings.get().model_copy(update={"stalled_after": 0.1})
    monkeypatch.setattr(settings, "get", lambda: short)
    monkeypatch.setattr(watchdog, "_SUSPENDED", 0.1)


def test_a_stuck_worker_says_what_it_saw_and_ends(runtime: _Runtime, backlogs: list[Backlog]) -> None:
    backlogs[0] = Backlog(queue="send", depth=3, untouched=61.2)
    watched = _Watched(runtime)
    with capture_logs() as lines:
        watched.check()
    assert watched.ended == [1]
    assert runtime.spilled == 1
    assert lines == [{"log_level": "error", "event": "watchdog.not_consuming", "queue": "send", "waiting": 3, "seconds": 61}]


@pytest.mark.parametrize("queue", ["bulk", "upkeep"])
def test_queues_of_others_are_theirs(runtime: _Runtime, backlogs: list[Backlog], queue: str) -> None:
    backlogs[0] = Backlog(queue=queue, depth=3, untouched=3600.0)
    watched = _Watched(runtime)
    watched.check()
    assert watched.ended == []


@pytest.mark.parametrize("event", [lambda each: each.took("send"), Watchdog.ran])
def test_a_worker_that_works_is_left_alone(runtime: _Runtime, backlogs: list[Backlog], event: Callable[[Watchdog], None]) -> None:
    backlogs[0] = Backlog(queue="send", depth=3, untouched=3600.0)
    watched = _Watched(runtime)
    event(watched)
    assert watched.check() == 0.0
    assert watched.ended == []
    assert watched.check(0.0) == 10.0


def test_a_worker_that_is_told_to_end_does_so_in_order(runtime: _Runtime, backlogs: list[Backlog]) -> None:
    backlogs[0] = Backlog(queue="send", depth=3, untouched=3600.0)
    watched = _Watched(runtime)
    watched.stop()
    watched.check()
    assert watched.ended == []


@pytest.mark.usefixtures("_impatient", "backlogs")
def test_a_loop_that_hangs_ends_the_process(runtime: _Runtime) -> None:
    stuck = threading.Event()
    runtime.do(stuck.wait, 10)
    watched = _Watched(runtime)
    with capture_logs() as lines:
        watched.check(0.0)
    stuck.set()
    assert watched.ended == [1]
    assert [line["event"] for line in lines] == ["watchdog.loop_dead"]


@pytest.mark.usefixtures("_impatient", "backlogs")
def test_a_loop_that_is_only_slow_does_not(runtime: _Runtime) -> None:
    """As after the whole process was stopped: by then the time is over, and nobody was there to use it."""
    runtime.do(time.sleep, 0.15)
    watched = _Watched(runtime)
    watched.check(0.0)
    assert watched.ended == []


def _raising(error: Exception) -> Callable[[], list[Backlog]]:
    def look() -> list[Backlog]:
        raise error

    return look


def test_a_broker_that_is_away_is_waited_for(runtime: _Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumption, "look", _raising(ConnectionError()))
    watched = _Watched(runtime)
    assert watched.check() < 0
    assert watched.ended == []


def test_a_bug_of_the_watch_ends_nothing(runtime: _Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumption, "look", _raising(ZeroDivisionError()))
    watched = _Watched(runtime)
    with capture_logs() as lines:
        watched.check(0.0)
    assert watched.ended == []
    assert [line["event"] for line in lines] == ["watchdog.bug"]
