"""Recording a flush of outcomes and moving the cascade of every send concerned, in one transaction."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import ids
from shared.db.statements import among, settlement
from shared.domain import cascade, retry
from shared.domain.outcome import Code, Sent
from shared.domain.states import DeliveryState, SendState
from worker.deliver.result import Result, attempt_row, delivery_row


@dataclass(frozen=True, kw_only=True, slots=True)
class Publish:
    """Deliveries to publish after the commit."""

    ids: tuple[UUID, ...]
    queue: str
    countdown: float | None
    """Seconds until they may be claimed."""
    cause: Result
    """The result that led to it, for the lineage of the tasks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """What must follow the commit. Should the process die before it does, recovery finds it in Postgres."""

    publish: tuple[Publish, ...]
    wake: Mapping[str, tuple[UUID, ...]]
    """The sends whose outcome is there, by the api process that waits for it."""


async def settle(connection: AsyncConnection, results: Sequence[Result], worker: str) -> Settlement:
    """Record outcomes and take the next step of each send. The caller commits, then does what the settlement says."""
    sends = await _lock(connection, results)
    recorded = await _record(connection, results, worker)
    standing = [result for result in results if result.claim.id in recorded]
    moving = {result.claim.send_id for result in standing}
    steps = await _next_steps(connection, [send for send in sends if send.state == SendState.RUNNING and send.id in moving])
    await _apply(connection, steps)
    return Settlement(publish=(*_retries(standing), *_next_tiers(steps, standing)), wake=_finished(sends, steps))


async def _lock(connection: AsyncConnection, results: Iterable[Result]) -> Sequence[Row[Any]]:
    send_ids = sorted({result.claim.send_id for result in results})
    return (await connection.execute(settlement.lock_sends, among(send_ids))).all()


async def _record(connection: AsyncConnection, results: Sequence[Result], worker: str) -> set[UUID]:
    """Write outcomes and attempts; give the deliveries whose claim still stood."""
    rows = [delivery_row(result) for result in results]
    parameters = {"rows": json.dumps(rows), **among([result.claim.id for result in results])}
    recorded = set((await connection.execute(settlement.record_outcomes, parameters)).scalars())
    attempts = [row for result in results if (row := attempt_row(result, worker))]
    if attempts:
        await connection.execute(settlement.insert_attempts, {"rows": json.dumps(attempts)})
    await _count_quota(connection, [result for result in results if result.claim.id in recorded])
    return recorded


async def _count_quota(connection: AsyncConnection, results: Iterable[Result]) -> None:
    sent = Counter(
        result.claim.key_id for result in results if result.claim.quota_limit is not None and isinstance(result.outcome, Sent)
    )
    if sent:
        rows = [{"id": str(key_id), "sent": number} for key_id, number in sent.items()]
        await connection.execute(settlement.count_quota, {"rows": json.dumps(rows)})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moved:
    send_id: UUID
    step: cascade.Step
    queue: str


async def _next_steps(connection: AsyncConnection, sends: Sequence[Row[Any]]) -> list[_Moved]:
    if not sends:
        return []
    candidates = [identifier for send in sends for identifier in ids.deliveries_of(send.id, send.deliveries)]
    members: dict[UUID, list[cascade.Member]] = defaultdict(list)
    queues: dict[UUID, str] = {}
    for row in await connection.execute(settlement.select_members, among(candidates)):
        members[row.send_id].append(_member(row))
        queues[row.send_id] = row.queue
    return [_Moved(send_id=send_id, step=cascade.next_step(of_send), queue=queues[send_id]) for send_id, of_send in members.items()]


def _member(row: Row[Any]) -> cascade.Member:
    state = DeliveryState(row.state)
    return cascade.Member(id=row.id, tier=row.tier, state=state, held=row.held, expired=row.code == Code.EXPIRED)


async def _apply(connection: AsyncConnection, moves: Sequence[_Moved]) -> None:
    opened = [identifier for move in moves if isinstance(move.step, cascade.OpenTier) for identifier in move.step.ids]
    skipped = [identifier for move in moves if isinstance(move.step, cascade.Finish) for identifier in move.step.skipped]
    advanced = [row for move in moves if (row := _send_row(move))]
    if opened:
        await connection.execute(settlement.open_tiers, among(opened))
    if skipped:
        await connection.execute(settlement.skip_deliveries, among(skipped))
    if advanced:
        parameters = {"rows": json.dumps(advanced), **among([UUID(str(row["id"])) for row in advanced])}
        await connection.execute(settlement.advance_sends, parameters)


def _send_row(move: _Moved) -> dict[str, object] | None:
    match move.step:
        case cascade.OpenTier(tier=tier):
            return {"id": str(move.send_id), "state": SendState.RUNNING, "tier": tier}
        case cascade.Finish(state=state):
            return {"id": str(move.send_id), "state": state, "tier": None}
        case cascade.Wait():
            return None


def _retries(results: Iterable[Result]) -> list[Publish]:
    return [
        Publish(ids=(result.claim.id,), queue=result.claim.queue, countdown=result.decision.delay, cause=result)
        for result in results
        if isinstance(result.decision, retry.Again)
    ]


def _next_tiers(moves: Iterable[_Moved], results: Iterable[Result]) -> list[Publish]:
    """Publish each opened tier in the name of the delivery that ended last."""
    causes = {result.claim.send_id: result for result in results}
    return [
        Publish(ids=move.step.ids, queue=move.queue, countdown=None, cause=causes[move.send_id])
        for move in moves
        if isinstance(move.step, cascade.OpenTier)
    ]


def _finished(sends: Iterable[Row[Any]], moves: Iterable[_Moved]) -> dict[str, tuple[UUID, ...]]:
    waiters = {send.id: send.waiter for send in sends if send.waiter is not None}
    wake: dict[str, tuple[UUID, ...]] = {}
    for move in moves:
        waiter = waiters.get(move.send_id)
        if waiter is not None and isinstance(move.step, cascade.Finish):
            wake[waiter] = (*wake.get(waiter, ()), move.send_id)
    return wake
