"""How fast a sender may write, and how long a delivery bears to be put off."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from shared.domain.outcome import Action, Code, NotSent, Pause, PauseScope

_BURST_SECONDS: Final = 0.1
_COMES_EARLY: Final = 1.0
"""Seconds. Tasks are published for whole seconds: who comes that much early can still be let go at its exact moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """How fast somebody may write: within any ``t`` seconds ``burst + t / interval`` messages at the most."""

    interval: float
    """Seconds from one message to the next."""
    burst: int
    """Messages that may leave at once after a silence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What is known of a channel's provider beside the rates that its keys have."""

    recipient: Callable[[str], Limit | None]
    """What one sender may write to the recipient of an address; ``None`` when the provider has no such limit."""
    after_pause: Limit
    """How a sender without a rate begins anew after a pause, lest all that waited for its end leave at once."""


class Verdict(IntEnum):
    """What a delivery is told that asks for its turn."""

    GO = 0
    """Its turn is so near that it is waited for."""
    LATER = 1
    """It has a place, and comes again for it."""
    TOO_LONG = 2
    """The provider wants to be left alone for longer than the delivery can wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """When a delivery may be called."""

    verdict: Verdict
    wait: float
    """Seconds until then."""
    pause: float
    """Seconds of these that a provider's pause still lasts."""
    scope: PauseScope
    """Whom the provider wants to be left alone by; without a pause it says nothing."""


def limit(rate_per_second: float) -> Limit:
    """Give the limit of a rate: at once goes a tenth of a second's worth, at least one.

    A whole second's worth would double the first second, which a provider that counts by the second refuses.
    """
    return Limit(interval=1 / rate_per_second, burst=max(1, int(rate_per_second * _BURST_SECONDS)))


def patience(waited: float, seconds: float) -> float:
    """Give how long a delivery bears a pause that has waited so many of the seconds its retries must fall within."""
    return max(0.0, seconds - waited)


def comes_after(wait: float) -> float:
    """Give the seconds after which a delivery with a place comes again for it."""
    return max(0.0, wait - _COMES_EARLY)


def refusal(turn: Turn) -> NotSent:
    """End a delivery that cannot outlast a pause, so that its fallback is in time."""
    code, reason = _REASONS[turn.scope]
    return NotSent(code=code, reason=reason, action=Action.RETRY, pause=Pause(scope=turn.scope, seconds=turn.pause))


_REASONS: Final = {
    PauseScope.KEY: (Code.THROTTLED, "the provider asked this sender to slow down"),
    PauseScope.RECIPIENT: (Code.RECIPIENT_THROTTLED, "the provider asked to slow down with this recipient"),
}
