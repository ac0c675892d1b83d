"""Postgres halted, stalled and killed: outcomes are kept until it is there again."""

from typing import Final

import pytest

from tests.faults import patience, trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Scenario
from tests.faults.trouble import Trouble, World
from tests.faults.verdict import Allowed

_SECONDS: Final = 20


def _halt(world: World) -> None:
    world.wait(10)
    trouble.absent(world, "postgres", _SECONDS)


def _stall(world: World) -> None:
    world.wait(10)
    trouble.stall(world, "postgres", _SECONDS)


def _crash(world: World) -> None:
    while world.wait(12):
        trouble.crash_postgres(world)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("Postgres halted for 20 s", _halt),
        ("Postgres stalled for 20 s", _stall),
        ("Postgres killed every 12 s", _crash),
    ],
)
def test_nothing_is_unknown_as_long_as_leases_last(run: Run, name: str, cause: Trouble) -> None:
    run(Scenario(name=name, trouble=cause, settings=patience.OUTLASTING))


def test_what_was_claimed_when_the_leases_ran_out_may_be_unknown(run: Run) -> None:
    run(Scenario(name="Postgres stalled for longer than a lease", trouble=_stall, allowed=Allowed(unknown=True)))
