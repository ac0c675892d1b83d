"""The database's clock, as a process with a wrong one knows it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.db import clock


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """What these tests note of a clock is no other test's."""
    yield
    clock.note(datetime.now(UTC))


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=7), timedelta(minutes=-7)])
def test_what_was_noted_goes_on_from_there(ahead: timedelta) -> None:
    noted = datetime.now(UTC) + ahead
    clock.note(noted)
    assert timedelta(0) <= clock.now() - noted < timedelta(seconds=1)
    assert clock.now().tzinfo is UTC


def test_a_newer_note_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock.note(datetime.now(UTC) + timedelta(hours=1))
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    clock.note(moment)
    noted_at = time.time()
    monkeypatch.setattr(time, "time", lambda: noted_at + 5)
    assert abs(clock.now() - moment - timedelta(seconds=5)) < timedelta(seconds=1)


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    here = datetime.now(UTC)
    clock.note(datetime.fromisoformat(here.isoformat()).astimezone())
    assert abs(clock.now() - here) < timedelta(seconds=1)
