"""Workers that are killed, again and again, with calls under way."""

from typing import Final

from shared.domain.states import OnUnknown
from tests.faults import trouble
from tests.faults.conftest import Run
from tests.faults.scenario import Extra, Scenario
from tests.faults.trouble import World
from tests.faults.verdict import Allowed

_MORE: Final = tuple(Extra(like="worker-send", name=f"worker-send-{number}") for number in (2, 3))


def _kill_a_worker_every_two_seconds(world: World) -> None:
    trouble.kill_in_turn(world, world.workers, every=2)


def test_a_killed_worker_loses_nothing_and_repeats_nothing(run: Run) -> None:
    run(
        Scenario(
            name="worker killed every 2 s, next_tier",
            trouble=_kill_a_worker_every_two_seconds,
            extras=_MORE,
            allowed=Allowed(unknown=True),
        )
    )


def test_what_a_killed_worker_left_unknown_is_repeated_where_that_is_wanted(run: Run) -> None:
    run(
        Scenario(
            name="worker killed every 2 s, retry",
            trouble=_kill_a_worker_every_two_seconds,
            extras=_MORE,
            policy=OnUnknown.RETRY,
            allowed=Allowed(unknown=True, repeats=True),
        )
    )
