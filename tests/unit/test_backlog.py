"""What a process lets in between two counts, and what it says of it."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from api import backlog
from api.backlog import Backlog
from api.errors import Overloaded

_MOST = 10


class _Postgres:
    """Counts what a test says, when a test lets it."""

    def __init__(self) -> None:
        self.waiting: int | Exception = 0
        self.counts = 0
        self.held = False
        self._let = threading.Semaphore(0)

    def let_one_through(self) -> None:
        self._let.release()

    def __call__(self) -> int:
        if self.held:
            self._let.acquire(timeout=10)
        self.counts += 1
        if isinstance(self.waiting, Exception):
            raise self.waiting
        return self.waiting


@pytest.fixture
def postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Postgres]:
    monkeypatch.setattr(backlog, "_INTERVAL", 0.01)
    made = _Postgres()
    yield made
    made.waiting, made.held = 0, False
    made.let_one_through()


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _admits(own: Backlog) -> bool:
    try:
        own.admit()
    except Overloaded:
        return False
    return True


@pytest.mark.parametrize(("took", "seconds"), [(0.001, 1.0), (0.02, 1.0), (0.1, 5.0), (0.2, 10.0), (10.0, 10.0)])
def test_a_count_that_takes_long_is_made_less_often_but_never_seldom(took: float, seconds: float) -> None:
    assert backlog.pause(took) == seconds


def test_nothing_is_counted_until_somebody_sends(postgres: _Postgres) -> None:
    own = Backlog("deliveries", _MOST, postgres)
    time.sleep(0.1)
    assert postgres.counts == 0
    own.admit()
    _await(lambda: postgres.counts == 1)
    time.sleep(0.1)
    assert postgres.counts == 1


def test_what_is_full_is_refused_and_looked_at_until_it_is_not(postgres: _Postgres) -> None:
    own = Backlog("deliveries", _MOST, postgres)
    postgres.waiting = _MOST
    _await(lambda: not _admits(own))
    with pytest.raises(Overloaded) as refused:
        own.admit()
    assert refused.value.retry_after in {10, 60}
    before = postgres.counts
    _await(lambda: postgres.counts > before + 2)
    postgres.waiting = _MOST - 1
    _await(lambda: _admits(own))


def test_until_the_next_count_a_process_reckons_with_what_it_accepts(postgres: _Postgres) -> None:
    own = Backlog("deliveries", _MOST, postgres)
    postgres.waiting, postgres.held = _MOST - 3, True
    postgres.let_one_through()
    own.admit()
    _await(lambda: own._room == 3)
    admitted = 0
    while _admits(own):
        own.add(1)
        admitted += 1
    assert admitted == 3
    with pytest.raises(Overloaded) as refused:
        own.admit()
    assert refused.value.retry_after == 2


def test_who_has_used_up_his_room_does_not_wait_long_for_more(postgres: _Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "_INTERVAL", 60.0)
    monkeypatch.setattr(backlog, "_IN_NEED", 1000)
    own = Backlog("deliveries", _MOST, postgres)
    own.admit()
    _await(lambda: postgres.counts == 1)
    own.admit()
    own.add(_MOST - 1)
    time.sleep(0.2)
    assert postgres.counts == 1
    own.add(1)
    _await(lambda: _admits(own))


def test_what_was_accepted_during_a_count_takes_its_room_after_it(postgres: _Postgres) -> None:
    own = Backlog("deliveries", _MOST, postgres)
    postgres.held = True
    own.admit()
    _await(lambda: not own._asked.is_set())
    own.add(_MOST)
    assert not _admits(own)
    postgres.let_one_through()
    _await(lambda: postgres.counts == 1)
    assert not _admits(own)
    postgres.let_one_through()
    _await(lambda: _admits(own))


@pytest.mark.parametrize("trouble", [OperationalError("SELECT", {}, Exception()), ZeroDivisionError()])
def test_the_bound_holds_also_when_nothing_can_be_counted(postgres: _Postgres, trouble: Exception) -> None:
    own = Backlog("deliveries", _MOST, postgres)
    postgres.waiting = trouble
    with capture_logs() as logs:
        for _ in range(_MOST):
            own.admit()
            own.add(1)
        _await(lambda: not _admits(own) and postgres.counts > 3)
        postgres.waiting = 0
        _await(lambda: _admits(own))
    said = [each["event"] for each in logs]
    assert said.count("backlog.not_known") == isinstance(trouble, OperationalError)
    assert said.count("backlog.bug") >= isinstance(trouble, ZeroDivisionError)


def test_that_it_refuses_is_said_once_and_that_it_accepts_again_too(postgres: _Postgres) -> None:
    own = Backlog("deliveries", _MOST, postgres)
    with capture_logs() as logs:
        postgres.waiting = _MOST + 2
        _await(lambda: not _admits(own))
        assert [_admits(own) for _ in range(20)] == [False] * 20
        postgres.waiting = 0
        _await(lambda: _admits(own))
        _await(lambda: len(logs) == 2)
    first, last = logs
    assert _without_level(first) == {"event": "backlog.refusing", "kind": "deliveries", "waiting": _MOST + 2, "most": _MOST}
    assert last["event"] == "backlog.accepting"
    assert last["refused"] >= 21


def _without_level(entry: Any) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "log_level"}
