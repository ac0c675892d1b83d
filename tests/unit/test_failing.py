"""How tasks fail: in one line, which says no more than what kind of error it was."""

from typing import Any, NoReturn

import psycopg
import pytest
from celery import Celery
from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog.testing import capture_logs

from shared import queues
from worker import failing
from worker.app import app
from worker.failing import Guarded, TaskFailed

WORDS = "+6281234567890"
AWAY = OperationalError("SELECT 1", {}, psycopg.OperationalError(WORDS))
REFUSED = DataError("INSERT", {"target": WORDS}, psycopg.errors.InvalidTextRepresentation(WORDS))


def _failing(error: Exception) -> Any:
    own = Celery("test", set_as_current=False)

    @own.task(name="task", base=Guarded, shared=False)
    def fail() -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "kind", "level"),
    [
        (AWAY, "OperationalError", "warning"),
        (PoolTimeoutError(WORDS), "TimeoutError", "warning"),
        (BrokerAway(WORDS), "OperationalError", "warning"),
        (ConnectionError(WORDS), "ConnectionError", "warning"),
        (REFUSED, "DataError", "error"),
        (KeyError(WORDS), "KeyError", "error"),
        (PermissionError(WORDS), "PermissionError", "error"),
    ],
)
def test_a_task_fails_with_one_line_and_none_of_the_words(error: Exception, kind: str, level: str) -> None:
    with capture_logs() as lines, pytest.raises(TaskFailed) as raised:
        _failing(error)()
    (line,) = lines
    assert (line["event"], line["task"], line["error"], line["log_level"]) == ("task.failed", "task", kind, level)
    assert ("trace" in line) is (level == "error")
    assert "in fail" in line.get("trace", "in fail")
    assert str(raised.value) == kind
    assert raised.value.__suppress_context__
    assert WORDS not in str(lines)


def test_a_task_that_succeeds_is_left_alone() -> None:
    own = Celery("test", set_as_current=False)

    @own.task(name="add", base=Guarded, shared=False)
    def add(first: int, second: int) -> int:
        return first + second

    with capture_logs() as lines:
        assert add(2, second=3) == 5
    assert lines == []


def test_every_task_is_guarded() -> None:
    found = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert found.keys() == {task.value for task in queues.Task}
    assert all(isinstance(task, Guarded) and task.throws == (TaskFailed,) for task in found.values())


def test_what_nobody_raised_here_is_told_without_words_too() -> None:
    with capture_logs() as lines:
        failing.tell("it.failed", {"step": "lost"}, AWAY)
    assert lines == [{"event": "it.failed", "step": "lost", "error": "OperationalError", "log_level": "warning"}]
