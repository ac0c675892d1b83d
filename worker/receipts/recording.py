"""Writing what reports say of deliveries, in the caller's transaction: who locks, judges and writes, and what must follow.

Recording is repeated as often as a webhook comes: receipts only move forward, so that a repeat changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import ids, settings
from shared.db.statements import among, settlement
from shared.db.statements import receipts as statements
from shared.domain import confirmation, key_settings
from shared.domain.channels import Channel
from shared.domain.confirmation import Until
from shared.domain.outcome import Code
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState
from worker.deliver import advance, counting, resolving, settle
from worker.deliver.advance import Settlement
from worker.receipts import judgement
from worker.receipts.judgement import Notice, Standing, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """A delivery whose receipt went forward."""

    delivery_id: UUID
    account_id: UUID
    channel: Channel
    target: str | None
    """The recipient as the caller wrote it."""
    receipt: Receipt
    """What is known now."""
    notice: Notice
    """What told it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What came of recording."""

    settlement: Settlement
    too_early: frozenset[UUID] = frozenset()
    """Webhooks to be handled again when the calls they tell of have their outcomes."""
    moved: tuple[Moved, ...] = ()
    resolved: int = 0
    """Deliveries whose state turned out to be another."""


async def record(connection: AsyncConnection, by_delivery: Mapping[UUID, Sequence[Notice]]) -> Recorded:
    """Record what is reported of deliveries, each by its own account and channel, and take the next step of their sends.

    The caller commits, then does what the settlement says.
    """
    if not by_delivery:
        return Recorded(settlement=Settlement(publish=(), wake={}))
    sends = await advance.lock(connection, {ids.send_of(each) for each in by_delivery})
    rows = (await connection.execute(statements.lock_deliveries, among(list(by_delivery)))).all()
    untils = {send.id: confirmation.read(send.until) for send in sends}
    verdicts = [judgement.judge(_standing(row, untils[ids.send_of(row.id)]), by_delivery[row.id]) for row in rows]
    confirmed = [row.id for row, verdict in zip(rows, verdicts, strict=True) if verdict.confirmed and row.code is not None]
    async with counting.recounted(connection, confirmed):
        await _write_receipts(connection, verdicts)
    return Recorded(
        settlement=await _write(connection, sends, {row.id: verdict for row, verdict in zip(rows, verdicts, strict=True)}),
        too_early=frozenset[UUID]().union(*(verdict.too_early for verdict in verdicts)),
        moved=tuple(_moved(row, verdict.best) for row, verdict in zip(rows, verdicts, strict=True) if verdict.best),
        resolved=sum(verdict.resolution is not None for verdict in verdicts),
    )


def _standing(row: Row[Any], until: Until | None) -> Standing:
    state, channel = DeliveryState(row.state), Channel(row.channel)
    allowed = until is not None or key_settings.falls_back_late(channel, row.key_settings)
    return Standing(
        id=row.id,
        account_id=row.account_id,
        channel=channel,
        key_id=row.key_id,
        address=row.address,
        state=state,
        receipt=None if row.receipt is None else Receipt(row.receipt),
        provider_message_id=row.provider_message_id,
        claimed_at=row.claimed_at,
        until=until,
        unconfirmed=state is DeliveryState.SENT and (row.awaited or row.code == Code.UNCONFIRMED),
        falls_back=allowed and row.age is not None and row.age <= settings.get().late_fallback_seconds,
    )


def _moved(row: Row[Any], best: Notice) -> Moved:
    channel = Channel(row.channel)
    whose = {"delivery_id": row.id, "account_id": row.account_id, "target": row.target}
    return Moved(channel=channel, receipt=best.report.receipt, notice=best, **whose)


async def _write_receipts(connection: AsyncConnection, verdicts: Sequence[Verdict]) -> None:
    receipts = [verdict.receipt for verdict in verdicts if verdict.receipt]
    if receipts:
        written = among([UUID(row["id"]) for row in receipts])
        await connection.execute(statements.record, {"rows": json.dumps(receipts), **written})


async def _write(connection: AsyncConnection, sends: Sequence[Row[Any]], verdicts: Mapping[UUID, Verdict]) -> Settlement:
    events = [event for verdict in verdicts.values() for event in verdict.events]
    if events:
        await connection.execute(settlement.insert_events, {"rows": json.dumps(events)})
    resolved = await resolving.write(connection, sends, [each.resolution for each in verdicts.values() if each.resolution])
    changed = {ids.send_of(each) for each in {*resolved.ids, *(each for each, verdict in verdicts.items() if verdict.confirmed)}}
    marks = [verdict.consequences for verdict in verdicts.values()]
    return await settle.conclude(connection, [send for send in sends if send.id in changed], resolved, marks)
