"""A result in the form in which it is written to Postgres, and kept on disk while Postgres is away."""

from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from shared import ids
from shared.domain.outcome import NotSent
from shared.domain.retry import End
from shared.domain.states import DeliveryState
from worker.deliver import consequences, quota, telling
from worker.deliver.bugs import Bug, Step, quarantine_row
from worker.deliver.result import OUTCOMES, Lineage, Result, attempt_row, delivery_row, ended_at

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """The rows of one result. Everything in it can be written as JSON."""

    id: UUID
    """The delivery's."""
    send_id: UUID
    account_id: UUID
    queue: str
    lineage: Lineage
    delivery: Row
    """For :data:`settlement.record_outcomes`, while the claim stands."""
    outcome: Literal["sent", "not_sent", "unknown"]
    attempt: Row | None
    """For :data:`settlement.insert_attempts`."""
    refund: Row | None
    """For :func:`quota.refund`."""
    suspension: Row | None
    """For :data:`settlement.suspend_keys`."""
    quarantine: Row | None
    """For :data:`settlement.insert_quarantined`."""
    channel: str = ""
    """Empty where a former version of antar has put it on disk."""
    deliveries: int = ids.MAX_DELIVERIES
    """How many its send has, or more."""
    mark: Row | None = None
    """As :attr:`consequences.Consequences.mark`."""
    told: Row | None = None
    """For :func:`telling.tell`."""

    @property
    def delay(self) -> float | None:
        """Seconds until the delivery is tried again, if it is."""
        delay: float | None = self.delivery["delay"]
        return delay

    @property
    def late(self) -> Row | None:
        """Give the row for :data:`settlement.resolve`, when the claim was taken over meanwhile; ``None`` when nothing is known."""
        if self.outcome == "unknown":
            return None
        known = {name: self.delivery[name] for name in ("id", "code", "reason", "detail", "provider_message_id", "claimed_at")}
        return {**known, "state": DeliveryState.SENT if self.outcome == "sent" else DeliveryState.FAILED}


def of(result: Result, worker: str) -> Record:
    """Write a result down."""
    claim, row = result.claim, delivery_row(result)
    return Record(
        id=claim.id,
        send_id=claim.send_id,
        account_id=claim.account_id,
        queue=claim.queue,
        channel=claim.channel.value,
        deliveries=claim.deliveries,
        lineage=result.lineage,
        delivery=row,
        outcome=OUTCOMES[type(result.outcome)],
        attempt=attempt_row(result, worker),
        refund=quota.unit(claim) if _unused(result) else None,
        suspension=_suspension_row(result),
        quarantine=_quarantine_row(result),
        mark=_mark_row(result),
        told=telling.of_result(result, row),
    )


def bare(record: Record, error: Exception) -> Record:
    """Give what is left of a record that Postgres refuses: the outcome itself, without any words of the provider's."""
    wordless = {"reason": record.delivery["code"], "detail": None, "provider_message_id": None}
    return replace(
        record,
        delivery={**record.delivery, **wordless},
        attempt=record.attempt and {**record.attempt, "provider_code": None},
        suspension=record.suspension and {**record.suspension, "reason": record.suspension["code"]},
        told=record.told and {**record.told, **wordless},
        quarantine=dict(quarantine_row(record.id, record.send_id, record.account_id, Bug.of(Step.RECORD, error))),
    )


def _unused(result: Result) -> bool:
    """Whether a unit of the key's quota was taken for nothing."""
    return result.admitted and quota.counts(result.claim) and isinstance(result.outcome, NotSent)


def _suspension_row(result: Result) -> Row | None:
    claim, outcome = result.claim, result.outcome
    return consequences.suspended(claim.key_id, outcome, claim.now.isoformat()) if isinstance(outcome, NotSent) else None


def _mark_row(result: Result) -> Row | None:
    claim, outcome = result.claim, result.outcome
    if not isinstance(outcome, NotSent):
        return None
    return consequences.marked(outcome, claim.account_id, claim.channel, claim.address, ended_at(result))


def _quarantine_row(result: Result) -> Row | None:
    """Keep the trace of a bug that ended its delivery."""
    claim = result.claim
    if result.bug is None or not isinstance(result.decision, End):
        return None
    return dict(quarantine_row(claim.id, claim.send_id, claim.account_id, result.bug))
