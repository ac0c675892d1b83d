"""Claiming deliveries: a compare-and-set in Postgres that also gives all that is needed to send."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from shared import ids, settings
from shared.db import clock
from shared.db.hot import Line
from shared.db.lines import Lines
from shared.db.statements import among, claims, settlement
from shared.domain.channels import Channel
from shared.domain.content import JsonObject
from shared.domain.outcome import Code
from shared.domain.states import DeliveryState, KeyStatus, OnUnknown, SendState
from worker.deliver.bugs import Bug, Step, quarantine_row
from worker.runtime import patience

_PATIENCE: Final = 20.0
"""Seconds a claim waits for Postgres: longer than a restart takes, shorter than a shutdown may."""

_NOT_SENT: Final = {
    "state": DeliveryState.FAILED,
    "code": Code.INTERNAL_ERROR,
    "reason": "internal error before the call",
}
_LOST: Final = {
    "state": DeliveryState.UNKNOWN,
    "code": Code.WORKER_LOST,
    "reason": "the worker was lost during the call: it may have been sent",
}
"""How rows end that cannot be read: those claimed just now, and those that another worker had claimed before."""


@dataclass(slots=True)
class Claim:
    """A delivery this worker holds the lease of, with its send, key and template as they are now. Times are the database's.

    Nothing of it is ever changed; that it could not be would double the cost of making one.
    """

    claim_id: UUID
    channel: Channel
    send_state: SendState
    key_status: KeyStatus
    on_unknown: OnUnknown
    id: UUID
    """From here on everything is as it stands in the row."""
    send_id: UUID
    account_id: UUID
    tier: int
    queue: str
    now: datetime
    """When it was claimed."""
    queued_at: datetime
    """When it could first be claimed."""
    attempts: int
    """Calls made so far that count."""
    failures: int
    """How often our own code failed before a call."""
    paced: bool
    """It has been put off, or called before: it has stood in its key's queue already."""
    target: str | None
    address: str | None
    """The target in its canonical form; ``None`` when no message could reach it."""
    content: JsonObject | None
    template_id: int | None
    template_body: JsonObject | None
    template_status: str | None
    template_active: bool | None
    schedule_at: datetime | None
    """The time for which its send was scheduled."""
    expires_at: datetime | None
    variables: Mapping[str, str]
    deliveries: int
    """How many deliveries its send has."""
    until: Mapping[str, Any] | None
    """What its send wants of a message by ``level`` and ``within``, if it wants more than that it is sent."""
    request_id: str | None
    """Of the request that made its send; ``None`` where a campaign did."""
    traceparent: str | None
    """What its spans and calls are children of, if its send belongs to a trace."""
    key_id: UUID
    status_code: str | None
    status_reason: str | None
    key_settings: Mapping[str, Any]
    credentials: bytes
    rate_per_second: float | None
    quota_limit: int | None
    quota_spent: bool
    """No unit of the quota was left."""
    suppressed: bool
    opted_out: bool
    last_inbound_at: datetime | None
    observed: bool
    """Whether the account wants to hear by webhook of what becomes of it."""

    @property
    def patient_since(self) -> datetime:
        """The moment from which on waiting counts against it: what waited in our own queue until now has its patience yet."""
        return self.queued_at if self.paced else self.now


@dataclass(frozen=True, kw_only=True, slots=True)
class Early:
    """A delivery whose task came before its time."""

    id: UUID
    queue: str
    seconds: float


async def claim(lines: Lines, delivery_ids: Sequence[UUID]) -> tuple[list[Claim], list[Early]]:
    """Claim those of the deliveries that are due; the rest is another worker's, ended, or too early.

    Waits a while for Postgres, then raises what SQLAlchemy raised; the deliveries are left to recovery.
    """
    step = partial(_claim_once, lines, delivery_ids, ids.new())
    return await patience.outlast("claim", step, _PATIENCE)


async def _claim_once(lines: Lines, delivery_ids: Sequence[UUID], claim_id: UUID) -> tuple[list[Claim], list[Early]]:
    send_ids = sorted({ids.send_of(identifier) for identifier in delivery_ids})
    async with lines.line() as line:
        (rows,) = await line.ask_and_commit((claims.claim, {"send_ids": send_ids, **_under(claim_id, delivery_ids)}))
        claimed = await _read(line, rows, claim_id, _NOT_SENT)
        missed = [] if len(rows) == len(delivery_ids) else _missed(delivery_ids, rows)
        early = await line.execute(claims.select_not_due, among(missed)) if missed else []
        await line.commit()
    return claimed, [Early(id=row.id, queue=row.queue, seconds=float(row.seconds)) for row in early]


def _under(claim_id: UUID, delivery_ids: Sequence[UUID]) -> dict[str, Any]:
    """Give the parameters with which deliveries are claimed."""
    named = among(delivery_ids)
    lease = {"claim_id": claim_id, "lease_seconds": settings.get().lease_seconds}
    return {**named, "first_send": ids.send_of(named["first"]), **lease}


async def take_over(line: Line, limit: int) -> list[Claim]:
    """Take over claims whose lease has run out, and lock their sends; what their workers may still write finds its claim gone.

    The caller ends them in the same transaction, so that an outcome which comes late finds them ended, never claimed.
    """
    expired = (await line.execute(claims.select_expired, {"limit": limit})).scalars()
    if not expired:
        return []
    claim_id = ids.new()
    lock = settlement.lock_sends, among(sorted({ids.send_of(each) for each in expired}))
    _, rows = await line.ask(lock, (claims.reclaim, _under(claim_id, expired)))
    return await _read(line, rows, claim_id, _LOST)


def _missed(delivery_ids: Sequence[UUID], rows: Sequence[Any]) -> list[UUID]:
    claimed = {row.id for row in rows}
    return [identifier for identifier in delivery_ids if identifier not in claimed]


async def _read(line: Line, rows: Sequence[Any], claim_id: UUID, ending: Mapping[str, str]) -> list[Claim]:
    """Read the rows. One that this version of the code cannot read ends in quarantine, not the batch it came with."""
    if rows:
        clock.note(rows[0].now)
    read: list[Claim] = []
    bugs: list[dict[str, str]] = []
    for row in rows:
        try:
            read.append(_claim(row, claim_id))
        except (ValueError, TypeError) as error:
            bugs.append(quarantine_row(row.id, row.send_id, row.account_id, Bug.of(Step.CLAIM, error)))
    if bugs:
        unreadable = [UUID(bug["delivery_id"]) for bug in bugs]
        line.add(claims.end_unreadable, {**among(unreadable), "claim_id": claim_id, **ending})
        line.add(settlement.insert_quarantined, {"rows": json.dumps(bugs)})
    return read


def _claim(row: Any, claim_id: UUID) -> Claim:
    typed = Channel(row.channel), SendState(row.send_state), KeyStatus(row.key_status), OnUnknown(row.on_unknown)
    return Claim(claim_id, *typed, *_as_it_stands(row.__class__)(row))


@cache
def _as_it_stands(rows: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Give what takes the rest of a claim out of the rows of a statement."""
    names = [field.name for field in fields(Claim)]
    columns = rows._fields  # noqa: SLF001 - so is it named in every named tuple.
    return itemgetter(*(columns.index(name) for name in names[names.index("id") :]))
