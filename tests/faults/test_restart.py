"""A deployment under load: every process is restarted by SIGTERM, one after the other."""

from typing import Final

from tests.faults import trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Extra, Scenario
from tests.faults.trouble import World

_IN_TURN: Final = ("api", "worker-send", "worker-send-2", "worker-bulk", "worker-events", "beat")


def _restart_everything(world: World) -> None:
    while world.wait(3):
        trouble.restart(world, *_IN_TURN)


def test_a_rolling_restart_loses_nothing_and_leaves_nothing_unknown(run: Run) -> None:
    second = Extra(like="worker-send", name="worker-send-2")
    figures = run(Scenario(name="rolling restart", trouble=_restart_everything, extras=(second,), scheduled=0.2))
    assert not figures.unknown_deliveries
    assert not figures.reclaimed
    assert not [what for what in figures.done if "does not stop" in what]
