"""A worker killed, the broker flushed, Postgres killed and a worker restarted, within seconds of each other and under load."""

from tests.faults import patience, trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Extra, Scenario
from tests.faults.trouble import World
from tests.faults.verdict import Allowed


def _one_after_the_other(world: World) -> None:
    world.wait(2)
    trouble.kill(world, "worker-send")
    world.wait(2)
    trouble.flush(world)
    world.wait(2)
    trouble.crash_postgres(world)
    world.wait(4)
    trouble.restart(world, "worker-send-2")


def test_the_most_telling_faults_in_one_go(run: Run) -> None:
    run(
        Scenario(
            name="short form",
            trouble=_one_after_the_other,
            sends=400,
            per_second=25,
            extras=(Extra(like="worker-send", name="worker-send-2"),),
            allowed=Allowed(unknown=True),
            settings=patience.LEAST,
        )
    )
