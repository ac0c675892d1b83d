"""Two beats at once, as after a deployment that went wrong."""

from tests.faults.conftest import Run
from tests.faults.scenario import Extra, Scenario
from tests.faults.trouble import World


def _leave_alone(_world: World) -> None:
    """Two beats are trouble enough."""


def test_two_beats_start_nothing_twice(run: Run) -> None:
    beat = Extra(like="beat", name="beat-2")
    run(Scenario(name="two beats", trouble=_leave_alone, extras=(beat,), scheduled=0.5))
