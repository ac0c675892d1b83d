"""Workers whose clock is wrong by minutes. Postgres's clock rules, so that nothing runs early, or twice, or never.

libfaketime is needed: the one of the system, of an installed package ``libfaketime``, or the file named by ``FAULTS_LIBFAKETIME``.
"""

import importlib.util
import os
import re
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.faults import patience
from tests.faults.conftest import Run
from tests.faults.scenario import Extra, Scenario
from tests.faults.trouble import World

_LIBRARY: Final = "libfaketime.so.1"
_TIMESTAMP: Final = re.compile(r'"timestamp": "([^"]+)"')
_MINUTE: Final = 60
_ONLY_THE_CLOCK_ON_THE_WALL: Final = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
"""Without the second, waits for a condition last too long, and the worker does ten sends a second."""
_SETTINGS: Final = {**patience.LITTLE, "ANTAR_VISIBILITY_SECONDS": "600"}
"""What workers hold is handed to others after a time that each measures by its own clock: longer than clocks are wrong by."""


def _candidates() -> Iterator[Path]:
    if given := os.environ.get("FAULTS_LIBFAKETIME"):
        yield Path(given)
    package = importlib.util.find_spec("libfaketime")
    for folder in (package.submodule_search_locations if package else None) or ():
        yield from Path(folder).rglob(_LIBRARY)
    yield from Path("/usr/lib").glob(f"**/faketime/{_LIBRARY}")


@pytest.fixture
def library() -> Path:
    found = next((path for path in _candidates() if path.exists()), None)
    return found or pytest.skip("no libfaketime: install it, or name the file by FAULTS_LIBFAKETIME")


def _note_the_clock(world: World, name: str) -> None:
    """A wrong clock is trouble enough, if only it is wrong."""
    log = world.stack.home.log(name).read_text()
    said = max(datetime.fromisoformat(moment).timestamp() for moment in _TIMESTAMP.findall(log))
    world.note(f"{name} wrong by {round((said - time.time()) / _MINUTE)} min")


def _wrong(like: str, library: Path, offset: str) -> Extra:
    environment = {"LD_PRELOAD": str(library), "FAKETIME": offset, **_ONLY_THE_CLOCK_ON_THE_WALL}
    return Extra(like=like, name=f"{like}-wrong", environment=environment)


@pytest.mark.parametrize(("name", "offset"), [("ahead", "+300"), ("behind", "-300")])
def test_a_worker_by_itself(run: Run, library: Path, name: str, offset: str) -> None:
    """All workers are wrong alike: none sets right what another did."""
    wrong = tuple(_wrong(like, library, offset) for like in ("worker-send", "worker-events"))
    without = tuple(extra.like for extra in wrong)
    cause = partial(_note_the_clock, name=wrong[0].name)
    figures = run(
        Scenario(name=f"workers 5 min {name}", trouble=cause, extras=wrong, without=without, scheduled=0.5, settings=_SETTINGS)
    )
    assert list(figures.done) == [f"worker-send-wrong wrong by {int(offset) // _MINUTE} min"]


@pytest.mark.parametrize(("name", "offset"), [("ahead", "+300"), ("behind", "-300")])
def test_a_worker_beside_others(run: Run, library: Path, name: str, offset: str) -> None:
    wrong = (_wrong("worker-send", library, offset),)
    cause = partial(_note_the_clock, name=wrong[0].name)
    figures = run(Scenario(name=f"one worker of two 5 min {name}", trouble=cause, extras=wrong, scheduled=0.5, settings=_SETTINGS))
    assert list(figures.done) == [f"worker-send-wrong wrong by {int(offset) // _MINUTE} min"]
