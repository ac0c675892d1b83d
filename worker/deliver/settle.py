"""Recording a flush of outcomes and moving the cascade of every send concerned, in one transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import TextClause

from shared import ids, settings
from shared.db.hot import Executes, Line, Question
from shared.db.statements import among, receipts, settlement
from shared.domain.outcome import Sent
from shared.domain.states import DeliveryState, SendState
from worker.deliver import advance, awaiting, consequences, measuring, resolving, telling
from worker.deliver.advance import Members, Publish, Settlement
from worker.deliver.consequences import Consequences
from worker.deliver.record import Record
from worker.deliver.resolving import Resolution, Resolved
from worker.deliver.telling import Told


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recorded:
    """What was written of a flush, and what was read with it."""

    sends: Sequence[Any]
    """As :data:`settlement.lock_sends` gives them."""
    ids: frozenset[UUID]
    """The deliveries whose claim still stood."""
    confirm: Mapping[float, tuple[UUID, ...]]
    members: Members
    """All deliveries of some of the sends, as they are now."""
    reported: Sequence[Resolution]
    """What turned out to be sent by what came before."""


async def settle(line: Line, records: Sequence[Record]) -> Settlement:
    """Record outcomes and take the next step of each send. The caller commits, then does what the settlement says.

    A repeat of what was committed before changes nothing, and says again what must follow.
    """
    recorded = await _record(line, records)
    sends = recorded.sends
    standing = [record for record in records if record.id in recorded.ids]
    missed = [record for record in records if record.id not in recorded.ids]
    for quarantined in _rows(settlement.insert_quarantined, [record.quarantine for record in standing]):
        line.add(*quarantined)
    late = await resolving.write(line, sends, [late for record in missed if (late := _late(record))])
    reported = await resolving.write(line, sends, recorded.reported)
    known = {} if late.ids or reported.ids else recorded.members
    moved = await advance.move(line, sends, {record.send_id: record.lineage for record in records}, known=known)
    again = await _follow_again(line, sends, missed) if missed else Settlement(publish=(), wake={})
    follow = [_consequences(record, stood=record.id in recorded.ids) for record in records]
    await consequences.write(line, [*follow, *late.consequences, *reported.consequences])
    webhooks = await telling.tell(line, [*_told(standing, reported.ids), *late.told, *reported.told])
    counts = (*measuring.ended(standing), *measuring.attempted(records), *late.counts, *reported.counts)
    own = Settlement(publish=tuple(_retries(standing)), wake={}, webhooks=webhooks, counts=counts)
    return advance.joined(own, *_awaited(recorded, late, reported), moved, again)


async def resolve(connection: Executes, resolutions: Sequence[Resolution]) -> Settlement:
    """Write what became known of deliveries without a claim, and take the next step of each send; otherwise as :func:`settle`."""
    sends = await advance.lock(connection, {ids.send_of(each.delivery_id) for each in resolutions})
    return await conclude(connection, sends, await resolving.write(connection, sends, resolutions))


async def conclude(connection: Executes, sends: Sequence[Any], resolved: Resolved, more: Sequence[Consequences] = ()) -> Settlement:
    """Take the next step of locked sends, and write what follows from what was resolved."""
    moved = await advance.move(connection, sends, {}, resolved.reopens)
    await consequences.write(connection, [*resolved.consequences, *more])
    webhooks = await telling.tell(connection, resolved.told)
    told = Settlement(publish=(), wake={}, webhooks=webhooks, counts=resolved.counts)
    return advance.joined(*_awaited(resolved), moved, told)


def _awaited(*written: _Recorded | Resolved) -> list[Settlement]:
    return [Settlement(publish=(), wake={}, confirm=each.confirm) for each in written]


async def _record(line: Line, records: Sequence[Record]) -> _Recorded:
    """Lock sends and write outcomes and attempts, in one round trip with what is to be read after it."""
    questions = [advance.locking({record.send_id for record in records}), _outcomes(records)]
    attempts = _rows(settlement.insert_attempts, [record.attempt for record in records])
    several = {record.send_id: record.deliveries for record in records if record.deliveries > 1}
    doubtful = [record.id for record in records if _is_doubtful(record)]
    members = [advance.reading(several.items())] if several else []
    reports = [(receipts.select_reported, among(doubtful))] if doubtful else []
    sends, rows, *more = await line.ask(*questions, *members, *attempts, *reports)
    standing = frozenset(row.id for row in rows)
    read = more[0] if members else []
    reported = more[-1] if reports else []
    return _Recorded(
        sends=sends,
        ids=standing,
        confirm=awaiting.soon(rows, awaiting.wanted(sends)),
        members=advance.by_send([*(row for row in rows if row.send_id not in several), *read]),
        reported=[_reported(row) for row in reported if row.id in standing],
    )


def _outcomes(records: Sequence[Record]) -> Question:
    named = among([record.id for record in records])
    rows = to_json([record.delivery for record in records]).decode()
    return settlement.record_outcomes, {"rows": rows, "horizon_seconds": settings.get().horizon_seconds, **named}


def _is_doubtful(record: Record) -> bool:
    """Whether it ends unsent or unknown, but may have been sent by what came before: nothing is to follow it then."""
    return record.outcome != "sent" and bool(record.attempt or record.delivery["attempts"])


def _reported(row: Any) -> Resolution:
    return Resolution.sent(row.id, _source(row.receipt), Sent(provider_message_id=None))


def _rows(statement: TextClause, rows: Iterable[Mapping[str, Any] | None]) -> list[Question]:
    """Give the statement that writes the rows, if there are any."""
    given = [row for row in rows if row]
    return [(statement, {"rows": to_json(given).decode()})] if given else []


def _consequences(record: Record, *, stood: bool) -> Consequences:
    """Give what follows from an outcome: a unit is given back once, a refusal counts whether or not its claim still stood."""
    return Consequences(refund=record.refund if stood else None, suspension=record.suspension, mark=record.mark)


def _told(standing: Iterable[Record], reported: Collection[UUID]) -> list[Told]:
    """Say how deliveries ended, but for those that turned out to be something else than what their call made of them."""
    return [record.told for record in standing if record.told and record.id not in reported]


def _late(record: Record) -> Resolution | None:
    if not record.late:
        return None
    source = "the worker that was believed lost reported its outcome"
    return Resolution(delivery_id=record.id, row=record.late, source=source, consequences=Consequences(refund=record.refund))


def _source(receipt: str | None) -> str:
    return f"the provider had reported it as {receipt}" if receipt else "an earlier call was reported late to have sent it"


def _retries(records: Iterable[Record]) -> list[Publish]:
    return [
        Publish(ids=(record.id,), queue=record.queue, countdown=record.delay, lineage=record.lineage)
        for record in records
        if record.delay is not None
    ]


async def _follow_again(line: Line, sends: Sequence[Any], missed: Sequence[Record]) -> Settlement:
    """Say again what follows records whose claims are gone: they may have been committed with the answer lost on the way."""
    concerned = {record.send_id: record.lineage for record in missed}
    theirs = [send for send in sends if send.id in concerned]
    rows = [row for of_send in (await advance.deliveries(line, theirs)).values() for row in of_send]
    queued = [row for row in rows if row.state == DeliveryState.QUEUED]
    publish = [Publish(ids=(row.id,), queue=row.queue, countdown=row.early, lineage=concerned[row.send_id]) for row in queued]
    return Settlement(publish=tuple(publish), wake=advance.waiters(send for send in theirs if send.state != SendState.RUNNING))
