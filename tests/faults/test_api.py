"""The api killed with requests under way."""

from tests.faults import trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Scenario
from tests.faults.trouble import World


def _kill_the_api(world: World) -> None:
    while world.wait(4):
        trouble.kill(world, "api")
        world.stack.await_ready("api")


def test_what_was_answered_stands_and_what_was_repeated_is_one_send(run: Run) -> None:
    figures = run(Scenario(name="api killed whenever it has served 4 s", trouble=_kill_the_api))
    assert figures.reposts
