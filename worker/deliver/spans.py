"""What a delivery leaves in its trace: a span from its claim to its outcome, and in it one of the provider's part.

The parent stands in the send's row, so that a retry, the next tier and a recovered delivery belong to the request's trace too.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from shared import ids, tracing
from shared.domain import traces
from shared.domain.outcome import Outcome
from shared.tracing import Attributes, Kind, Span
from worker.deliver.claim import Claim

REQUEST_ID_HEADER: Final = "X-Request-Id"


def of_delivery(claim: Claim, task: str | None, seconds_ago: float) -> Span:
    """Begin the span of a delivery at its claim. It names its task, as Flower shows it."""
    attributes = partial(_of_delivery, claim, task)
    return tracing.begin("deliver", Kind.CONSUMER, claim.traceparent, attributes, seconds_ago=seconds_ago)


def of_call(claim: Claim, delivery: Span) -> Span:
    """Begin the span of a call."""
    return tracing.begin("call", Kind.CLIENT, delivery.traceparent, partial(_of_call, claim))


def headers(claim: Claim, call: Span) -> Mapping[str, str]:
    """Give the headers by which a provider's side can tell what a call belongs to."""
    carried = {REQUEST_ID_HEADER: claim.request_id, traces.HEADER: call.traceparent}
    return {name: value for name, value in carried.items() if value is not None}


def end(span: Span, outcome: Outcome) -> None:
    """End a span of either kind with the outcome."""
    span.end(partial(_of_outcome, outcome), failed=getattr(outcome, "code", None))


def trace_id(delivery: Span) -> str | None:
    """Give the id of a delivery's trace, for its line in the log."""
    return None if delivery.traceparent is None else traces.trace_id(delivery.traceparent)


def _of_delivery(claim: Claim, task: str | None) -> Attributes:
    return {
        "antar.send": ids.encode(ids.SEND, claim.send_id),
        "antar.delivery": ids.encode(ids.DELIVERY, claim.id),
        "antar.account": ids.encode(ids.ACCOUNT, claim.account_id),
        "antar.request_id": claim.request_id,
        "antar.task": task,
        "antar.channel": claim.channel.value,
        "antar.tier": claim.tier,
    }


def _of_call(claim: Claim) -> Attributes:
    return {"antar.delivery": ids.encode(ids.DELIVERY, claim.id), "antar.channel": claim.channel.value}


def _of_outcome(outcome: Outcome) -> Attributes:
    return {
        "antar.outcome": type(outcome).__name__,
        "antar.code": getattr(outcome, "code", None),
        "antar.provider_status": outcome.trace.status if outcome.trace else None,
    }
