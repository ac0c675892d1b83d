"""Whether a delivery that passed its guards may be called now: quota, the sender's rate, and providers' wishes to be left alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain import pacing
from shared.domain.outcome import NotSent
from shared.domain.pacing import Turn, Verdict
from worker.deliver import measuring, one, quota
from worker.deliver.claim import Claim
from worker.runtime.process import Process


@dataclass(frozen=True, slots=True)
class Go:
    """Call after so many seconds, few enough to be slept."""

    wait: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """Give the claim back, not to be claimed for so many seconds."""

    seconds: float
    patient_from: datetime | None
    """From when on its waiting counts against it, by the database's clock; ``None`` is when it may be claimed again."""


Admission = Go | Later | NotSent


async def admit(process: Process, claims: Sequence[Claim]) -> list[Admission]:
    """Admit a batch, in its order.

    Turns come before quotas, of which only who leaves takes a unit. A key that has none left gives no turns: its sends are to
    fall back at once, and not after a wait.
    """
    open_to = [claim for claim in claims if not claim.quota_spent]
    given = await process.pacing.turns(open_to, one.budget().seconds)
    measuring.observe_turns(open_to, given)
    turns = dict(zip((claim.id for claim in open_to), given, strict=True))
    admissions = [_admission(claim, turns.get(claim.id)) for claim in claims]
    leaving = [claim for claim, each in zip(claims, admissions, strict=True) if isinstance(each, Go)]
    refused = await quota.take(process.engine, leaving)
    return [refused.get(claim.id, each) for claim, each in zip(claims, admissions, strict=True)]


def _admission(claim: Claim, turn: Turn | None) -> Admission:
    if turn is None:
        return quota.EXCEEDED
    match turn.verdict:
        case Verdict.GO:
            return Go(turn.wait)
        case Verdict.LATER:
            return _later(claim, turn)
        case Verdict.TOO_LONG:
            return pacing.refusal(turn)


def _later(claim: Claim, turn: Turn) -> Later:
    """Put a delivery off. What it waits for a provider counts against it, what it waits for its sender's rate does not."""
    own = timedelta(seconds=turn.wait - turn.pause)
    return Later(seconds=pacing.comes_after(turn.wait), patient_from=claim.patient_since + own if turn.pause else None)
