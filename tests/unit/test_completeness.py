"""The lists that both sides share are used to their last entry. That every queue has a worker is shown beside the processes."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared import queues
from shared.domain.outcome import Code
from shared.queues import Queue, Task
from worker import app as entry

_ROOT = Path(__file__).resolve().parents[2]
_SCHEDULED: dict[str, dict[str, Any]] = queues.app.conf.beat_schedule


def members_named(name: str) -> Iterator[str]:
    """Give each ``X`` of an expression ``<name>.X`` in the code, outside the module that defines the list."""
    for folder in ("api", "worker", "shared"):
        for path in (_ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text())
            if any(isinstance(node, ast.ClassDef) and node.name == name for node in tree.body):
                continue
            nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
            yield from (node.attr for node in nodes if _last_name(node.value) == name)


def _last_name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return None


def test_every_reason_code_is_given_somewhere() -> None:
    assert {code.name for code in Code} - set(members_named("Code")) == set()


def test_every_task_is_registered_and_no_other_of_ours() -> None:
    registered = {name for name in entry.app.tasks if not name.startswith("celery.")}
    assert registered == {task.value for task in Task}


def test_every_queue_is_declared_under_its_own_name() -> None:
    declared = [(queue.name, queue.exchange.name, queue.routing_key) for queue in queues.app.conf.task_queues]
    assert declared == [(queue.value,) * 3 for queue in Queue]


@pytest.mark.parametrize("entry_name", _SCHEDULED)
def test_what_beat_starts_is_known_and_never_piles_up(entry_name: str) -> None:
    scheduled = _SCHEDULED[entry_name]
    assert scheduled["task"] in {task.value for task in Task}
    assert scheduled["options"]["queue"] == Queue.UPKEEP
    assert scheduled["options"]["expires"] > 0


def test_every_task_is_started_by_beat_or_published() -> None:
    by_beat = {scheduled["task"] for scheduled in _SCHEDULED.values()}
    tree = ast.parse(Path(queues.__file__).read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("publish")]
    named = (node for function in functions for node in ast.walk(function) if isinstance(node, ast.Attribute))
    published = {node.attr for node in named if _last_name(node.value) == "Task"}
    assert {task.name for task in Task if task.value not in by_beat} <= published
