"""Providers that hang, break off, ask for patience, or are down."""

from functools import partial
from typing import Any

import pytest

from tests.faults import patience, trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Scenario
from tests.faults.trouble import Trouble, World
from tests.faults.verdict import Allowed


def _misbehave(world: World, kind: str, seconds: float, **options: Any) -> None:
    world.wait(5)
    trouble.misbehave(world, kind, **options)
    world.wait(seconds)
    trouble.behave(world)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("providers hang", partial(_misbehave, kind="hang", seconds=15, probability=0.5)),
        ("providers accept and reset", partial(_misbehave, kind="drop_after", seconds=15, probability=0.5)),
        ("providers reset before they accept", partial(_misbehave, kind="drop_before", seconds=15, probability=0.5)),
    ],
)
def test_what_nobody_knows_is_unknown(run: Run, name: str, cause: Trouble) -> None:
    figures = run(Scenario(name=name, trouble=cause, allowed=Allowed(unknown=True), settings=patience.OUTLASTING))
    assert figures.unknown_deliveries
    assert not figures.reclaimed


def test_throttled_sends_wait_and_none_fails(run: Run) -> None:
    """A mail server cannot say for how long it wants to be left alone."""
    asking = ("whatsapp", "waba", "telegram")
    throttled = partial(_misbehave, kind="throttle", seconds=15, channels=asking, retry_after=3, probability=0.5)
    figures = run(Scenario(name="providers answer 429", trouble=throttled))
    assert not figures.failed


def test_an_outage_fails_honestly(run: Run) -> None:
    figures = run(Scenario(name="providers down for 60 s", trouble=partial(_misbehave, kind="outage", seconds=60), sends=3000))
    assert figures.failed
