"""The broker stalled, away, emptied, and killed with all it held."""

from functools import partial

import pytest

from tests.faults import trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Scenario
from tests.faults.trouble import Trouble, World


def _stall(world: World) -> None:
    world.wait(10)
    trouble.stall(world, "redis", 20)


def _halt(world: World) -> None:
    world.wait(10)
    trouble.absent(world, "redis", 20)


def _repeatedly(cause: Trouble, world: World) -> None:
    while world.wait(8):
        cause(world)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("broker stalled for 20 s", _stall),
        ("broker halted for 20 s", _halt),
        ("broker flushed every 8 s", partial(_repeatedly, trouble.flush)),
        ("broker killed every 8 s, starting empty", partial(_repeatedly, trouble.empty_and_kill_broker)),
    ],
)
def test_what_the_broker_forgets_is_delivered_all_the_same(run: Run, name: str, cause: Trouble) -> None:
    run(Scenario(name=name, trouble=cause, scheduled=0.2))
