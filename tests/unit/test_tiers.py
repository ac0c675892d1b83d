"""Where a tier stands, from its deliveries."""

from itertools import product

import pytest

from shared import ids
from shared.domain import tiers
from shared.domain.channels import Channel
from shared.domain.send import DeliveryView
from shared.domain.states import OPEN, DeliveryState
from shared.domain.tiers import TierState


def _delivery(state: str, tier: int = 0) -> DeliveryView:
    return DeliveryView(id=ids.new(), channel=Channel.EMAIL, tier=tier, fallback=tier > 0, state=DeliveryState(state))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["waiting"], "waiting"),
        (["queued"], "running"),
        (["claimed"], "running"),
        (["sent"], "sent"),
        (["failed"], "failed"),
        (["unknown"], "unknown"),
        (["skipped"], "skipped"),
        (["cancelled"], "cancelled"),
        (["sent", "claimed"], "running"),
        (["failed", "queued"], "running"),
        (["failed", "sent"], "sent"),
        (["unknown", "sent"], "sent"),
        (["failed", "unknown"], "unknown"),
        (["cancelled", "failed"], "failed"),
        (["cancelled", "cancelled"], "cancelled"),
        (["waiting", "waiting"], "waiting"),
    ],
)
def test_state_of_a_tier(states: list[str], expected: str) -> None:
    assert tiers.state_of([_delivery(state) for state in states]) == TierState(expected)


@pytest.mark.parametrize("states", list(product(DeliveryState, repeat=2)))
def test_every_pair_has_a_state_whatever_its_order(states: tuple[DeliveryState, DeliveryState]) -> None:
    state = tiers.state_of([_delivery(each) for each in states])
    assert state == tiers.state_of([_delivery(each) for each in reversed(states)])
    assert (state is TierState.RUNNING) == bool(OPEN & set(states))


def test_deliveries_are_grouped_by_tier_in_their_order() -> None:
    deliveries = [_delivery("failed"), _delivery("failed"), _delivery("sent", 1), _delivery("skipped", 2)]
    grouped = tiers.group(deliveries)
    assert [(tier.number, tier.state) for tier in grouped] == [
        (0, TierState.FAILED),
        (1, TierState.SENT),
        (2, TierState.SKIPPED),
    ]
    assert [delivery for tier in grouped for delivery in tier.deliveries] == deliveries
