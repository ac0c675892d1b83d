"""Delivering one claim: guards, then the call, then the decision. No database connection is held here."""

import time
from dataclasses import dataclass
from typing import Final

import structlog

from shared import ids, settings
from shared.credentials.base import Credentials
from shared.domain import retry
from shared.domain.outcome import Action, Code, NotSent, Outcome, Unknown
from shared.tracing import Span
from worker import channels
from worker.channels import http
from worker.channels.base import Envelope
from worker.deliver import guards, measuring, prepare, spans
from worker.deliver.bugs import Bug, Step
from worker.deliver.claim import Claim
from worker.deliver.result import Lineage, Result
from worker.runtime.wires import ProcessWires

_log: Final = structlog.get_logger("deliver")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A claim that nothing stops, with all that its call needs."""

    claim: Claim
    envelope: Envelope
    credentials: Credentials


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopped:
    """A claim that is not called, and why."""

    claim: Claim
    outcome: NotSent
    bug: Bug | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What the claims of a batch have in common."""

    claimed_at: float
    """On the monotonic clock."""
    lineage: Lineage

    @property
    def outworn(self) -> bool:
        """Whether so much of the lease is over that a call might outlast it: this process was stopped, or waited for Postgres."""
        return time.monotonic() - self.claimed_at > settings.get().lease_seconds / 2


def prepare_call(claim: Claim) -> Ready | Stopped:
    """Pass the guards and make everything ready for the call, or say what stops it. Nothing has left, whatever goes wrong."""
    try:
        outcome = guards.check(claim)
        return Stopped(claim=claim, outcome=outcome) if outcome else _prepared(claim)
    except Exception as error:  # noqa: BLE001 - a bug of ours ends this delivery, not its batch.
        return fail(claim, error)


def fail(claim: Claim, error: Exception) -> Stopped:
    """Stop a claim for a bug of ours that was met before its call."""
    bug = _report_bug(claim, Step.PREPARE, error)
    outcome = NotSent(code=Code.INTERNAL_ERROR, reason="internal error before the call", action=Action.RETRY)
    return Stopped(claim=claim, outcome=outcome, bug=bug)


def _prepared(claim: Claim) -> Ready | Stopped:
    envelope, credentials = prepare.envelope(claim), prepare.credentials(claim)
    if isinstance(envelope, NotSent):
        return Stopped(claim=claim, outcome=envelope)
    if isinstance(credentials, NotSent):
        return Stopped(claim=claim, outcome=credentials)
    return Ready(claim=claim, envelope=envelope, credentials=credentials)


async def call(ready: Ready, context: Context, wires: ProcessWires) -> Result:
    """Call the provider. Never raises: a bug of ours is an outcome too."""
    span = _span(ready.claim, context)
    called_at = time.monotonic()
    outcome, bug = await _call(ready, span, wires)
    return _result(ready.claim, outcome, context, span, called_at=called_at, admitted=True, bug=bug)


async def _call(ready: Ready, span: Span, wires: ProcessWires) -> tuple[Outcome, Bug | None]:
    call, bug = spans.of_call(ready.claim, span), None
    try:
        with http.carrying(spans.headers(ready.claim, call)):
            outcome = await channels.adapter(ready.claim.channel).send(
                ready.envelope, ready.credentials, wires.towards(ready.credentials)
            )
    except Exception as error:  # noqa: BLE001 - likewise.
        bug = _report_bug(ready.claim, Step.CALL, error)
        outcome = Unknown(code=Code.INTERNAL_ERROR, reason="internal error during the call: it may have been sent")
    spans.end(call, outcome)
    return outcome, bug


def stop(stopped: Stopped, context: Context) -> Result:
    """Give the result of what was not called."""
    return _result(stopped.claim, stopped.outcome, context, _span(stopped.claim, context), bug=stopped.bug)


def _span(claim: Claim, context: Context) -> Span:
    return spans.of_delivery(claim, context.lineage.task_id, time.monotonic() - context.claimed_at)


def _result(
    claim: Claim,
    outcome: Outcome,
    context: Context,
    span: Span,
    *,
    called_at: float | None = None,
    admitted: bool = False,
    bug: Bug | None = None,
) -> Result:
    seconds = time.monotonic() - context.claimed_at
    tries = claim.attempts + 1 if called_at else max(claim.attempts, claim.failures + int(bug is not None))
    result = Result(
        claim=claim,
        outcome=outcome,
        decision=decide(claim, outcome, seconds, tries),
        seconds=seconds,
        called_after=None if called_at is None else called_at - context.claimed_at,
        admitted=admitted,
        bug=bug,
        lineage=context.lineage,
    )
    measuring.observe(result)
    report(result, span)
    return result


def decide(claim: Claim, outcome: Outcome, seconds: float, tries: int) -> retry.Decision:
    """Decide whether a claim's delivery ends, by its channel's budget and its key's policy."""
    history = retry.History(attempts=tries, waited=(claim.now - claim.patient_since).total_seconds() + seconds)
    return retry.decide(outcome, history, budget(), claim.on_unknown)


def budget() -> retry.Budget:
    """Give the patience every channel has."""
    current = settings.get()
    return retry.Budget(attempts=current.retry_attempts, seconds=current.retry_seconds, base_delay=current.retry_base_delay)


def _report_bug(claim: Claim, step: Step, error: Exception) -> Bug:
    """Leave a line with what kind of error it was and where; never its words, which may be the message's."""
    bug = Bug.of(step, error)
    delivery = ids.encode(ids.DELIVERY, claim.id)
    _log.error("deliver.bug", delivery=delivery, channel=claim.channel, step=step, error=bug.error, trace=bug.trace)
    return bug


def report(result: Result, span: Span) -> None:
    """End a delivery's span and leave one line per outcome; ids and codes only."""
    claim, outcome, called = result.claim, result.outcome, result.called_after
    spans.end(span, outcome)
    trace_id = spans.trace_id(span)
    _log.info(
        "deliver.outcome",
        send=ids.encode(ids.SEND, claim.send_id),
        delivery=ids.encode(ids.DELIVERY, claim.id),
        account=ids.encode(ids.ACCOUNT, claim.account_id),
        channel=claim.channel,
        outcome=type(outcome).__name__,
        code=getattr(outcome, "code", None),
        again=isinstance(result.decision, retry.Again),
        request_id=claim.request_id,
        **({} if trace_id is None else {"trace_id": trace_id}),
        task=result.lineage.task_id,
        tier=claim.tier,
        attempt=claim.attempts + int(called is not None),
        ms=round(result.seconds * 1000),
        call_ms=None if called is None else round((result.seconds - called) * 1000),
        waited_ms=round((claim.now - claim.queued_at).total_seconds() * 1000),
    )
