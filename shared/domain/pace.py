"""How many deliveries end a second, from two looks at how many have ended."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from shared.domain.states import DeliveryState

T = TypeVar("T")

WINDOW: Final = 60.0
"""Seconds over which is averaged at the most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """So many deliveries that ended in the same hour, and alike."""

    hour: datetime
    channel: str
    state: DeliveryState
    number: int
    key: str | None = None
    """The channel key they were sent by; ``None`` where those of all keys are counted together."""
    code: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What had ended at a moment."""

    at: datetime
    since: datetime
    """The hour from which on it is counted."""
    ended: tuple[Ended, ...]


def seconds(before: Reading, now: Reading) -> float:
    """Give how long it is from one reading to the next."""
    return (now.at - before.at).total_seconds()


def paces(before: Reading, now: Reading, name: Callable[[Ended], T | None]) -> dict[T, Mapping[DeliveryState, float]]:
    """Give by name how many deliveries ended a second in each state. What has no name is left out, and so is what did not move.

    What was counted in hours that are no longer looked at is not missed.
    """
    passed = seconds(before, now)
    moved = Counter(_totals(now.ended, name))
    moved.subtract(_totals((each for each in before.ended if each.hour >= now.since), name))
    found: dict[T, dict[DeliveryState, float]] = {}
    for (named, state), number in moved.items():
        if number > 0 and passed > 0:
            found.setdefault(named, {})[state] = number / passed
    return dict(found)


def recent(readings: Sequence[Reading], now: Reading) -> list[Reading]:
    """Give those of some readings, the oldest first, that are needed on: the latest that is :data:`WINDOW` old, and later ones."""
    old = sum(seconds(each, now) >= WINDOW for each in readings)
    return list(readings[max(0, old - 1) :])


def _totals(ended: Iterable[Ended], name: Callable[[Ended], T | None]) -> Counter[tuple[T, DeliveryState]]:
    totals: Counter[tuple[T, DeliveryState]] = Counter()
    for each in ended:
        named = name(each)
        if named is not None:
            totals[named, each.state] += each.number
    return totals
