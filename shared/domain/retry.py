"""Whether a delivery that was not sent is tried again on the same key, and when."""

import random
from dataclasses import dataclass

from shared.domain.outcome import Action, NotSent, Outcome, Sent, Unknown
from shared.domain.states import OnUnknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much patience a channel has before its tier is given up, so that fallback stays timely."""

    attempts: int
    """Calls to the provider, the first included."""
    seconds: float
    """From the moment the delivery was first queued."""
    base_delay: float
    """Seconds before the second call; doubled for each further one, with jitter of a quarter either way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """Put it back into the queue, not to be claimed for ``delay`` seconds."""

    delay: float
    spends_attempt: bool
    """False after throttling, which is the provider's wish and not the delivery's failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """The delivery ends here; ``held`` leaves the last word to a person."""

    held: bool = False


Decision = Again | End


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What the decision looks back on."""

    attempts: int
    """Calls made that count, this one included."""
    waited: float
    """Seconds since the delivery could first be claimed."""


def decide(outcome: Outcome, history: History, budget: Budget, on_unknown: OnUnknown) -> Decision:
    """Decide from the outcome of a call whether its delivery ends or is queued again."""
    match outcome:
        case Sent():
            return End()
        case NotSent(action=Action.RETRY):
            return _again_if_affordable(outcome, history, budget)
        case NotSent():
            return End()
        case Unknown():
            return _after_unknown(outcome, history, budget, on_unknown)


def _after_unknown(outcome: Unknown, history: History, budget: Budget, on_unknown: OnUnknown) -> Decision:
    if outcome.safe_to_repeat or on_unknown is OnUnknown.RETRY:
        return _again_if_affordable(outcome, history, budget)
    return End(held=on_unknown is OnUnknown.HOLD)


def _again_if_affordable(outcome: NotSent | Unknown, history: History, budget: Budget) -> Decision:
    pause = outcome.pause if isinstance(outcome, NotSent) else None
    delay = max(pause.seconds, budget.base_delay) if pause else _backoff(history.attempts, budget)
    in_time = history.waited + delay <= budget.seconds
    affordable = pause is not None or history.attempts < budget.attempts
    return Again(delay=delay, spends_attempt=pause is None) if in_time and affordable else End()


def _backoff(attempts: int, budget: Budget) -> float:
    jitter = random.uniform(0.75, 1.25)  # noqa: S311 - spreading retries needs no secrecy.
    return float(budget.base_delay * 2 ** (attempts - 1) * jitter)
