"""Beat's sign of life, which probes look at."""

import os
from pathlib import Path

import pytest
from celery import Celery

from worker.beat import Scheduler


@pytest.fixture
def scheduler(tmp_path: Path) -> Scheduler:
    """Make one that has nothing to start, and therefore asks no broker."""
    app = Celery("test", set_as_current=False)
    app.conf.result_expires = None
    return Scheduler(app, schedule_filename=str(tmp_path / "schedule"), schedule={}, lazy=False)


def test_every_turn_is_a_sign_of_life(scheduler: Scheduler, tmp_path: Path) -> None:
    alive = tmp_path / "schedule.alive"
    scheduler.tick()
    os.utime(alive, (0, 0))
    assert 0 < scheduler.tick() <= 300
    assert alive.stat().st_mtime > 0
    scheduler.close()


def test_a_disk_that_takes_no_sign_does_not_stop_beat(
    scheduler: Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "touch", refuse)
    assert scheduler.tick() > 0
    assert not (tmp_path / "schedule.alive").exists()
    scheduler.close()
