"""What the fault suite sends: spread as it says, and never twice to one recipient who can be reached."""

import random
from collections import Counter
from typing import Any, Final

from tests.faults import mixture
from tests.faults.mixture import CHANNELS, Planned, Schedule

SENDS: Final = 2000
ACCOUNT: Final[dict[str, Any]] = {"keys": {channel: f"token-{channel}" for channel in CHANNELS}, "templates": {"email": 7}}


def planned(seed: int = 1, schedule: Schedule | None = None) -> list[Planned]:
    return list(mixture.plan(ACCOUNT, SENDS, random.Random(seed), schedule))  # noqa: S311 - likewise repeatable.


def targets(each: Planned) -> dict[str, str]:
    return {channel: address for channel, address in each.body["target"].items() if channel in CHANNELS}


def test_half_has_one_channel_and_half_three_tiers() -> None:
    assert Counter(len(targets(each)) for each in planned()) == {1: SENDS // 2, 3: SENDS // 2}


def test_single_channels_are_spread_evenly() -> None:
    singles = Counter(next(iter(targets(each))) for each in planned() if len(targets(each)) == 1)
    assert singles == dict.fromkeys(CHANNELS, SENDS // 8)


def test_cascades_run_to_every_tier() -> None:
    nobody = {address for channel in CHANNELS for address in mixture.unreachable(channel)}
    tiers = Counter(
        sum(address in nobody for address in targets(each).values())
        for each in planned()
        if len(targets(each)) == len(CHANNELS) - 1
    )
    assert set(tiers) == {0, 1, 2}
    assert min(tiers.values()) > SENDS // 20


def test_who_can_be_reached_is_written_to_once() -> None:
    nobody = {(channel, address) for channel in CHANNELS for address in mixture.unreachable(channel)}
    written = Counter(pair for each in planned() for pair in targets(each).items() if pair not in nobody)
    assert set(written.values()) == {1}


def test_a_seed_repeats_everything_and_keys_are_unique() -> None:
    assert planned(3) == planned(3)
    assert planned(3) != planned(4)
    assert len({each.idempotency_key for each in planned()}) == SENDS


def test_schedules_lie_where_they_are_wanted() -> None:
    schedule = Schedule(share=0.5, start=1000, per_second=100, soonest=30, latest=60)
    moments = [each.body["context"]["timing"]["schedule"] for each in planned(schedule=schedule) if "context" in each.body]
    assert SENDS * 0.4 < len(moments) < SENDS * 0.6
    assert min(moments) >= 1000 + 30
    assert max(moments) <= 1000 + SENDS / 100 + 60
