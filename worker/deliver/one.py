"""Delivering one claim: guards, then the call, then the decision. No database connection is held here."""

import time
from dataclasses import dataclass
from typing import Final

import structlog

from shared import ids, settings
from shared.domain import retry
from shared.domain.outcome import Action, Code, NotSent, Outcome, Unknown
from worker import channels
from worker.channels.base import Credentials, Envelope, Wires
from worker.deliver import guards, prepare
from worker.deliver.claim import Claim
from worker.deliver.result import Lineage, Result

_log: Final = structlog.get_logger("deliver")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    outcome: Outcome
    called_at: float | None
    """On the monotonic clock; ``None`` when no provider was called."""


async def deliver(claim: Claim, claimed_at: float, lineage: Lineage, wires: Wires) -> Result:
    """Give the result of a claim. ``claimed_at`` is on the monotonic clock. Never raises: a bug of ours is an outcome too."""
    answer = await _answer(claim, wires)
    seconds = time.monotonic() - claimed_at
    result = Result(
        claim=claim,
        outcome=answer.outcome,
        decision=decide(claim, answer.outcome, seconds, called=answer.called_at is not None),
        seconds=seconds,
        called_after=None if answer.called_at is None else answer.called_at - claimed_at,
        lineage=lineage,
    )
    _report(result)
    return result


async def _answer(claim: Claim, wires: Wires) -> _Answer:
    ready = _ready(claim)
    if isinstance(ready, NotSent):
        return _Answer(outcome=ready, called_at=None)
    called_at = time.monotonic()
    envelope, credentials = ready
    return _Answer(outcome=await _call(claim, envelope, credentials, wires), called_at=called_at)


def _ready(claim: Claim) -> tuple[Envelope, Credentials] | NotSent:
    """Pass the guards and make everything ready for the call, or say what stops it. Nothing has left here, whatever goes wrong."""
    try:
        return guards.check(claim) or _prepared(claim)
    except Exception:  # noqa: BLE001 - a bug of ours ends this delivery with a code, not its batch.
        _log.exception("deliver.bug", delivery=ids.encode(ids.DELIVERY, claim.id), channel=claim.channel, step="prepare")
        return NotSent(code=Code.INTERNAL_ERROR, reason="internal error before the call", action=Action.PERMANENT)


def _prepared(claim: Claim) -> tuple[Envelope, Credentials] | NotSent:
    envelope = prepare.envelope(claim)
    if isinstance(envelope, NotSent):
        return envelope
    credentials = prepare.credentials(claim)
    return credentials if isinstance(credentials, NotSent) else (envelope, credentials)


async def _call(claim: Claim, envelope: Envelope, credentials: Credentials, wires: Wires) -> Outcome:
    try:
        return await channels.adapter(claim.channel).send(envelope, credentials, wires)
    except Exception:  # noqa: BLE001 - likewise.
        _log.exception("deliver.bug", delivery=ids.encode(ids.DELIVERY, claim.id), channel=claim.channel, step="call")
        return Unknown(code=Code.INTERNAL_ERROR, reason="internal error during the call: it may have been sent")


def decide(claim: Claim, outcome: Outcome, seconds: float, *, called: bool) -> retry.Decision:
    """Decide whether a claim's delivery ends, by its channel's budget and its key's policy."""
    history = retry.History(attempts=claim.attempts + int(called), waited=(claim.now - claim.queued_at).total_seconds() + seconds)
    return retry.decide(outcome, history, budget(), claim.on_unknown)


def budget() -> retry.Budget:
    """Give the patience every channel has."""
    current = settings.get()
    return retry.Budget(attempts=current.retry_attempts, seconds=current.retry_seconds, base_delay=current.retry_base_delay)


def _report(result: Result) -> None:
    """Leave one line per outcome; ids and codes only."""
    outcome, claim = result.outcome, result.claim
    _log.info(
        "deliver.outcome",
        send=ids.encode(ids.SEND, claim.send_id),
        delivery=ids.encode(ids.DELIVERY, claim.id),
        channel=claim.channel,
        outcome=type(outcome).__name__,
        code=getattr(outcome, "code", None),
        again=isinstance(result.decision, retry.Again),
        ms=round(result.seconds * 1000),
    )
