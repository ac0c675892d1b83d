"""A probe is answered in time, and a check is made once for many probes."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.health import checks, routes
from api.health.checks import Check
from shared.health import Health

_FINE = Health(found={"ms": 1})


class _Counted:
    """A check that can be held up."""

    def __init__(self, *findings: Health) -> None:
        self.calls = 0
        self.free = threading.Event()
        self.free.set()
        self._findings = findings or (_FINE,)

    def __call__(self) -> Health:
        self.calls += 1
        self.free.wait(10)
        return self._findings[min(self.calls, len(self._findings)) - 1]


@pytest.fixture
def counted() -> Iterator[_Counted]:
    made = _Counted(_FINE, Health(problem="gone"))
    yield made
    made.free.set()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_PATIENCE", 0.2)


def test_what_was_found_just_now_answers_many_probes(counted: _Counted) -> None:
    check = {"it": Check(counted)}
    assert [checks.run(check)["it"] for _ in range(20)] == [_FINE] * 20
    assert counted.calls == 1


def test_what_was_found_is_soon_looked_for_again(counted: _Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_FRESH", -1.0)
    check = {"it": Check(counted)}
    assert [checks.run(check)["it"].problem for _ in range(2)] == [None, "gone"]


@pytest.mark.usefixtures("impatient")
def test_a_check_that_hangs_is_waited_for_once_and_beside_the_others(counted: _Counted) -> None:
    counted.free.clear()
    other = _Counted()
    made = {"hangs": Check(counted), "hangs too": Check(_held := _Counted()), "fine": Check(other)}
    _held.free.clear()
    started = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: checks.run(made), range(8)))
    seconds = time.monotonic() - started
    _held.free.set()
    assert seconds < 1
    assert counted.calls == 1
    for answer in answers:
        assert (answer["fine"], answer["hangs"].problem) == (_FINE, checks._NO_ANSWER.problem)


@pytest.mark.usefixtures("impatient")
def test_a_check_that_hung_is_heard_when_it_ends(counted: _Counted) -> None:
    counted.free.clear()
    check = {"it": Check(counted)}
    assert checks.run(check)["it"].problem
    counted.free.set()
    check["it"].begin().result(5)
    assert checks.run(check)["it"] == _FINE


def test_a_bug_in_a_check_is_an_answer_too() -> None:
    def broken() -> Health:
        raise ZeroDivisionError

    assert checks.run({"it": Check(broken)})["it"] == checks._BUG


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    made: dict[str, Any] = {"fine": Check(_Counted()), "gone": Check(_Counted(Health(problem="gone")))}
    monkeypatch.setattr(checks, "all_checks", lambda: made)
    app = Flask("test")
    app.register_blueprint(routes.blueprint)
    return app.test_client()


@pytest.mark.parametrize(
    ("query", "status", "names"),
    [
        ("", 503, {"fine", "gone"}),
        ("?exclude=gone", 200, {"fine"}),
        ("?exclude=gone&exclude=fine", 200, set()),
        ("?exclude=fine", 503, {"gone"}),
        ("?exclude=gome", 503, {"fine", "gone"}),
    ],
)
def test_one_failing_check_fails_the_probe_unless_it_is_excluded(
    client: FlaskClient, query: str, status: int, names: set[str]
) -> None:
    answer = client.get(f"/readyz{query}")
    assert (answer.status_code, set(answer.json or {})) == (status, names)
    assert answer.headers["Cache-Control"] == "no-store"
