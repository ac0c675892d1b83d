"""Everything at once, at random, for three minutes."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from tests.faults import trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Extra, Scenario
from tests.faults.trouble import Trouble, World
from tests.faults.verdict import Allowed

_SECONDS: Final = 180
_PER_SECOND: Final = 20
_LONGEST_PAUSE: Final = 6.0


def _choices(world: World) -> Sequence[Trouble]:
    return (
        *(partial(trouble.kill, name=name) for name in (*world.workers, "api", "worker-events", "beat", "redis")),
        partial(trouble.restart_any, names=(*world.workers, "worker-events", "beat")),
        trouble.flush,
        trouble.empty_and_kill_broker,
        trouble.crash_postgres,
        partial(trouble.stall, name="redis", seconds=3),
        partial(trouble.stall, name="postgres", seconds=3),
        partial(trouble.stall, name="worker-send", seconds=5),
        *(partial(_misbehave_a_little, kind=kind) for kind in ("hang", "drop_after", "drop_before", "outage", "throttle")),
        trouble.behave,
    )


def _misbehave_a_little(world: World, kind: str) -> None:
    trouble.misbehave(world, kind, probability=0.3, times=50)


def _anything(world: World) -> None:
    while world.wait(world.rng.uniform(0.5, _LONGEST_PAUSE)):
        world.rng.choice(_choices(world))(world)
    trouble.behave(world)


def test_everything_at_once(run: Run) -> None:
    run(
        Scenario(
            name="all at once",
            trouble=_anything,
            sends=_SECONDS * _PER_SECOND,
            per_second=_PER_SECOND,
            extras=(Extra(like="worker-send", name="worker-send-2"),),
            scheduled=0.2,
            allowed=Allowed(unknown=True),
        )
    )
