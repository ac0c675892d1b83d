"""What came of one claim, and the rows it is recorded as."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.domain import retry
from shared.domain.outcome import Code, NotSent, Outcome, Sent, Trace, Unknown
from shared.domain.states import DeliveryState
from worker import channels
from worker.channels import answers
from worker.deliver.bugs import Bug
from worker.deliver.claim import Claim

_LONGEST_ID = 512
_DEEPEST = 32
_STOPPED = frozenset({Code.CANCELLED, Code.EXPIRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """The task a delivery came with, so that the next tier's task can name it as its parent."""

    root_id: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """An outcome with the decision that follows from it."""

    claim: Claim
    outcome: Outcome
    decision: retry.Decision
    seconds: float
    """From the claim to the outcome, by this worker's monotonic clock."""
    called_after: float | None
    """Seconds from the claim to the call; ``None`` when no provider was called."""
    admitted: bool = False
    """It passed its guards and was admitted: what that took of its key's quota is given back if it was not sent."""
    bug: Bug | None = None
    """What our own code did wrong, if it did."""
    lineage: Lineage = field(default_factory=Lineage)


def delivery_state(result: Result) -> DeliveryState:
    """Name the state a delivery is left in."""
    if isinstance(result.decision, retry.Again):
        return DeliveryState.QUEUED
    match result.outcome:
        case Sent():
            return DeliveryState.SENT
        case NotSent(code=code):
            return DeliveryState.CANCELLED if code in _STOPPED else DeliveryState.FAILED
        case Unknown():
            return DeliveryState.UNKNOWN


def counted_attempts(result: Result) -> int:
    """Count the calls so far: throttling spends none, and a guard's stop is no call."""
    spent = result.called_after is not None
    if isinstance(result.decision, retry.Again):
        spent = spent and result.decision.spends_attempt
    return result.claim.attempts + int(spent)


def counted_failures(result: Result) -> int:
    """Count how often our own code has failed before a call."""
    return result.claim.failures + int(result.bug is not None and result.called_after is None)


def delivery_row(result: Result) -> dict[str, Any]:
    """Give the row that :data:`settlement.record_outcomes` takes."""
    outcome, decision = result.outcome, result.decision
    return {
        "id": str(result.claim.id),
        "claim_id": str(result.claim.claim_id),
        "claimed_at": result.claim.now.isoformat(),
        "state": delivery_state(result),
        "held": isinstance(decision, retry.End) and decision.held,
        "code": None if isinstance(outcome, Sent) else outcome.code,
        "reason": None if isinstance(outcome, Sent) else storable(outcome.reason),
        "detail": storable(outcome.detail) or None,
        "provider_message_id": _indexable(outcome.provider_message_id) if isinstance(outcome, Sent) else None,
        "attempts": counted_attempts(result),
        "failures": counted_failures(result),
        "processing_ms": round(result.seconds * 1000),
        "delay": decision.delay if isinstance(decision, retry.Again) else None,
        "resolve_after": _resolve_after(result),
        **(result.claim.until or {}),
    }


def attempt_row(result: Result, worker: str) -> dict[str, Any] | None:
    """Give the row that :data:`settlement.insert_attempts` takes, or ``None`` when no provider was called."""
    if result.called_after is None:
        return None
    outcome = result.outcome
    trace = outcome.trace or Trace(request="")
    return {
        "delivery_id": str(result.claim.id),
        "claim_id": str(result.claim.claim_id),
        "number": result.claim.attempts + 1,
        "started_at": _after(result.claim.now, result.called_after),
        "ended_at": ended_at(result),
        "outcome": OUTCOMES[type(outcome)],
        "code": None if isinstance(outcome, Sent) else outcome.code,
        "provider_status": trace.status,
        "provider_code": storable(trace.provider_code),
        "request": storable(trace.request),
        "worker": worker,
    }


def ended_at(result: Result) -> str:
    """Give the moment of the outcome."""
    return _after(result.claim.now, result.seconds)


def _resolve_after(result: Result) -> float | None:
    """Say when the provider is asked what became of a message, if nobody knows and it can be asked."""
    return channels.adapter(result.claim.channel).look_up_after if isinstance(result.outcome, Unknown) else None


OUTCOMES: Final[Mapping[type[Outcome], Literal["sent", "not_sent", "unknown"]]] = {
    Sent: "sent",
    NotSent: "not_sent",
    Unknown: "unknown",
}


def _indexable(identifier: str | None) -> str | None:
    """Cut what is no identifier any more: Postgres indexes no entry beyond 2704 bytes, and refuses the row."""
    return None if identifier is None else str(storable(identifier))[:_LONGEST_ID]


def _after(moment: datetime, seconds: float) -> str:
    """Reckon from the database's clock, so that a worker's wrong one leaves no mark."""
    return (moment + timedelta(seconds=seconds)).isoformat()


def storable(value: Any, levels: int = _DEEPEST) -> Any:
    """Make a provider's words fit for Postgres, which has no NUL, no lone surrogates, and in JSON no ``NaN`` or ``Infinity``.

    What lies deeper than some levels is left out: a nest without a bottom could not be written at all.
    """
    match value:
        case str():
            return answers.storable(value)
        case None | bool() | int():
            return value
        case dict() | list() | tuple() | Mapping():
            return _storable_nest(value, levels - 1) if levels else "..."
        case float() if math.isfinite(value):
            return value
        case _:
            return storable(str(value))


def _storable_nest(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], levels: int) -> Any:
    if isinstance(value, list | tuple):
        return [storable(item, levels) for item in value]
    return {storable(key): storable(item, levels) for key, item in value.items()}
