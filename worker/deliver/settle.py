"""Recording a flush of outcomes and moving the cascade of every send concerned, in one transaction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import structlog
from sqlalchemy import Row, TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import ids, settings
from shared.db.statements import among, receipts, settlement
from shared.domain.outcome import NotSent, Sent
from shared.domain.states import DeliveryState, SendState
from worker.deliver import advance, quota
from worker.deliver.advance import Publish, Settlement
from worker.deliver.record import Record

_log: Final = structlog.get_logger("settle")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What became known of a delivery that was unknown."""

    delivery_id: UUID
    row: Mapping[str, Any]
    """For :data:`settlement.resolve`."""
    source: str
    """How it became known, for the timeline."""

    @classmethod
    def sent(cls, delivery_id: UUID, source: str, outcome: Sent) -> Self:
        """Say that it was sent."""
        known = {"code": None, "reason": None, "detail": outcome.detail or None, "provider_message_id": outcome.provider_message_id}
        row = {"id": str(delivery_id), "state": DeliveryState.SENT, **known, "claimed_at": None}
        return cls(delivery_id=delivery_id, row=row, source=source)

    @classmethod
    def failed(cls, delivery_id: UUID, source: str, outcome: NotSent, provider_message_id: str) -> Self:
        """Say that it failed after its provider had taken it."""
        known = {"code": outcome.code, "reason": outcome.reason, "detail": outcome.detail or None}
        row = {"id": str(delivery_id), "state": DeliveryState.FAILED, **known, "claimed_at": None}
        return cls(delivery_id=delivery_id, row={**row, "provider_message_id": provider_message_id}, source=source)


async def settle(connection: AsyncConnection, records: Sequence[Record]) -> Settlement:
    """Record outcomes and take the next step of each send. The caller commits, then does what the settlement says.

    A repeat of what was committed before changes nothing, and says again what must follow.
    """
    sends = await advance.lock(connection, {record.send_id for record in records})
    recorded = await _record(connection, records)
    standing = [record for record in records if record.id in recorded]
    missed = [record for record in records if record.id not in recorded]
    await _resolve(connection, [late for record in missed if (late := _late(record))])
    await _resolve(connection, await _reported(connection, standing))
    lineages = {record.send_id: record.lineage for record in records}
    moved = await advance.move(connection, sends, lineages)
    again = await _follow_again(connection, sends, missed) if missed else Settlement(publish=(), wake={})
    return advance.joined(Settlement(publish=tuple(_retries(standing)), wake={}), moved, again)


async def resolve(connection: AsyncConnection, resolutions: Sequence[Resolution]) -> Settlement:
    """Write what became known of deliveries without a claim, and take the next step of each send; otherwise as :func:`settle`."""
    sends = await advance.lock(connection, {ids.send_of(each.delivery_id) for each in resolutions})
    await _resolve(connection, resolutions)
    return await advance.move(connection, sends, {})


async def _record(connection: AsyncConnection, records: Sequence[Record]) -> set[UUID]:
    """Write outcomes, attempts and what they mean for their keys; give the deliveries whose claim still stood."""
    parameters = {
        "rows": json.dumps([record.delivery for record in records]),
        "horizon_seconds": settings.get().horizon_seconds,
        **among([record.id for record in records]),
    }
    recorded = set((await connection.execute(settlement.record_outcomes, parameters)).scalars())
    await _write(connection, settlement.insert_attempts, [record.attempt for record in records])
    await _write(connection, settlement.insert_quarantined, [record.quarantine for record in records if record.id in recorded])
    await quota.refund(connection, [record.refund for record in records if record.refund and record.id in recorded])
    await _suspend(connection, [record.suspension for record in records if record.suspension])
    return recorded


async def _write(connection: AsyncConnection, statement: TextClause, rows: Iterable[Mapping[str, Any] | None]) -> None:
    given = [row for row in rows if row]
    if given:
        await connection.execute(statement, {"rows": json.dumps(given)})


async def _suspend(connection: AsyncConnection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Suspend the keys that were refused, each for one of the reasons it was given."""
    by_key = {row["id"]: row for row in rows}
    if not by_key:
        return
    for key in await connection.execute(settlement.suspend_keys, {"rows": json.dumps(list(by_key.values()))}):
        _log.warning("key.suspended", key=ids.encode(ids.KEY, key.id), channel=key.channel, code=key.status_code)


def _late(record: Record) -> Resolution | None:
    source = "the worker that was believed lost reported its outcome"
    return Resolution(delivery_id=record.id, row=record.late, source=source) if record.late else None


async def _reported(connection: AsyncConnection, records: Iterable[Record]) -> list[Resolution]:
    """Find those that end unsent or unknown, but were sent by what came before: nothing is to follow them."""
    doubtful = [record.id for record in records if record.outcome != "sent" and (record.attempt or record.delivery["attempts"])]
    if not doubtful:
        return []
    rows = await connection.execute(receipts.select_reported, among(doubtful))
    return [Resolution.sent(row.id, _source(row.receipt), Sent(provider_message_id=None)) for row in rows]


def _source(receipt: str | None) -> str:
    return f"the provider had reported it as {receipt}" if receipt else "an earlier call was reported late to have sent it"


async def _resolve(connection: AsyncConnection, resolutions: Sequence[Resolution]) -> None:
    if not resolutions:
        return
    rows = json.dumps([dict(each.row) for each in resolutions])
    parameters = {"rows": rows, **among([each.delivery_id for each in resolutions])}
    resolved = set((await connection.execute(settlement.resolve, parameters)).scalars())
    events = [_event(each) for each in resolutions if each.delivery_id in resolved]
    await _write(connection, settlement.insert_events, events)


def _event(resolution: Resolution) -> dict[str, Any]:
    return {
        "send_id": str(ids.send_of(resolution.delivery_id)),
        "id": str(ids.new()),
        "delivery_id": str(resolution.delivery_id),
        "kind": f"resolved.{resolution.row['state']}",
        "data": {"reason": resolution.source},
    }


def _retries(records: Iterable[Record]) -> list[Publish]:
    return [
        Publish(ids=(record.id,), queue=record.queue, countdown=record.delay, lineage=record.lineage)
        for record in records
        if record.delay is not None
    ]


async def _follow_again(connection: AsyncConnection, sends: Sequence[Row[Any]], missed: Sequence[Record]) -> Settlement:
    """Say again what follows records whose claims are gone: they may have been committed with the answer lost on the way."""
    concerned = {record.send_id: record.lineage for record in missed}
    theirs = [send for send in sends if send.id in concerned]
    rows = [row for of_send in (await advance.deliveries(connection, theirs)).values() for row in of_send]
    queued = [row for row in rows if row.state == DeliveryState.QUEUED]
    publish = [Publish(ids=(row.id,), queue=row.queue, countdown=row.early, lineage=concerned[row.send_id]) for row in queued]
    return Settlement(publish=tuple(publish), wake=advance.waiters(send for send in theirs if send.state != SendState.RUNNING))
