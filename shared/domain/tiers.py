"""The tiers of a send, and where each of them stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Final

from shared.domain.send import DeliveryView
from shared.domain.states import DeliveryState


class TierState(StrEnum):
    """Where the deliveries of a tier stand together."""

    RUNNING = "running"
    """One of them may still be sent."""
    SENT = "sent"
    """All have ended, and one was accepted by its provider."""
    UNKNOWN = "unknown"
    """None was sent for certain, and one may have been."""
    FAILED = "failed"
    """None was sent."""
    WAITING = "waiting"
    """It is not open."""
    SKIPPED = "skipped"
    """An earlier tier succeeded, or the send ended before its turn."""
    CANCELLED = "cancelled"
    """Stopped before any call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """Deliveries that run side by side."""

    number: int
    state: TierState
    deliveries: tuple[DeliveryView, ...]


_BY_PRECEDENCE: Final = {
    DeliveryState.QUEUED: TierState.RUNNING,
    DeliveryState.CLAIMED: TierState.RUNNING,
    DeliveryState.SENT: TierState.SENT,
    DeliveryState.UNKNOWN: TierState.UNKNOWN,
    DeliveryState.FAILED: TierState.FAILED,
    DeliveryState.WAITING: TierState.WAITING,
    DeliveryState.SKIPPED: TierState.SKIPPED,
    DeliveryState.CANCELLED: TierState.CANCELLED,
}
"""What one delivery makes of its tier; of several deliveries the first here decides."""


def group(deliveries: Iterable[DeliveryView]) -> tuple[Tier, ...]:
    """Group deliveries, which are in the order of their tiers."""
    grouped = ((number, tuple(members)) for number, members in groupby(deliveries, attrgetter("tier")))
    return tuple(Tier(number=number, state=state_of(members), deliveries=members) for number, members in grouped)


def state_of(deliveries: Sequence[DeliveryView]) -> TierState:
    """Tell where a tier stands from its deliveries, of which there is at least one."""
    states = {delivery.state for delivery in deliveries}
    return next(tier_state for state, tier_state in _BY_PRECEDENCE.items() if state in states)
