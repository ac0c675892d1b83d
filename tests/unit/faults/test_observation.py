"""Reading what workers wrote, and what lies in the broker."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.home import Home
from tests.faults import broker, observation


def test_events_are_counted_over_all_workers_with_what_they_were_about(tmp_path: Path) -> None:
    home = Home.prepare(tmp_path)
    home.log("worker-send").write_text('not json\n{"event": "recovery.republished", "deliveries": 3}\n7\n')
    home.log("worker-events").write_text(
        '{"event": "recovery.republished", "deliveries": 4}\n'
        '{"event": "deliver.bug"}\n'
        '{"event": "task.failed", "task": "send.recover", "error": "KeyError from ValueError"}\n'
    )
    home.log("api").write_text('{"event": "deliver.bug"}\n')
    counted = observation.logged(home)
    assert counted["recovery.republished"] == 2
    assert counted["recovery.republished.deliveries"] == 7
    assert counted["deliver.bug"] == 1
    assert counted["KeyError"] == 1


def test_only_tasks_that_are_to_run_later_have_a_moment() -> None:
    tasks: list[dict[str, Any]] = [
        {"headers": {"task": "send.deliver", "eta": "2026-11-21T12:00:00+01:00"}},
        {"headers": {"task": "send.deliver", "eta": None}},
        {"headers": {"task": "send.deliver"}},
    ]
    assert broker.etas(tasks) == [datetime(2026, 11, 21, 11, tzinfo=UTC)]
