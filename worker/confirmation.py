"""Deliveries that were sent and wait to be confirmed: what has no receipt in time counts as a tier's failure, and remains sent.

A task comes at the end of a delivery's time; should it be lost, recovery finds the delivery. Either may come twice, and together:
a delivery waits no longer once one of them has committed.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import ids
from shared.db.statements import among, settlement
from shared.db.statements import confirmation as statements
from shared.domain import confirmation
from worker.deliver import advance, counting
from worker.deliver.advance import Settlement
from worker.runtime.process import Process

_log: Final = structlog.get_logger("confirmation")
_LIMIT: Final = 500
"""Overdue deliveries whose end is noted in one transaction."""
_PATIENCE: Final = 2.0
"""Seconds that a task which came early waits here; otherwise it comes again by promotion, or by recovery."""
_COMMIT: Final = 5.0
"""Seconds from the beginning of a transaction that writes an outcome to its end, at most."""
_LOOK_AGAIN: Final = 2.0
"""Seconds after which a delivery is looked at again whose receipt may be in a webhook that nobody has handled yet."""


async def end_due(process: Process, delivery_ids: Sequence[UUID]) -> None:
    """Note which of some deliveries were not confirmed in time, and open the tiers that wait for it."""
    left = await _end(process, delivery_ids)
    early = [row for row in left if 0 < row.seconds <= _PATIENCE]
    if early and await process.stopping.sleep(max(row.seconds for row in early)):
        left = await _end(process, [row.id for row in early])
    unheard = tuple(row.id for row in left if row.seconds <= 0)
    if unheard:
        await process.publisher.follow(Settlement(publish=(), wake={}, confirm={_LOOK_AGAIN: unheard}))


async def end_overdue(process: Process) -> None:
    """Do the same for those whose time is over, and of which nobody has said so."""
    async with process.engine.connect() as connection:
        overdue = (await connection.execute(statements.select_overdue, {"limit": _LIMIT})).scalars().all()
    if overdue:
        await _end(process, overdue)


async def _end(process: Process, delivery_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """End the wait of those whose time is over. Gives those that still wait, with the ``seconds`` they have left."""
    settlement, left = await _commit(process.engine, delivery_ids)
    await process.publisher.follow(settlement)
    return left


async def _commit(engine: AsyncEngine, delivery_ids: Sequence[UUID]) -> tuple[Settlement, Sequence[Row[Any]]]:
    async with engine.begin() as connection:
        sends = await advance.lock(connection, {ids.send_of(each) for each in delivery_ids})
        parameters = {**among(delivery_ids), "commit_seconds": _COMMIT}
        awaited = (await connection.execute(statements.lock_awaited, parameters)).all()
        over = {row.id for row in awaited if confirmation.is_over(row.seconds, unheard=row.unheard)}
        follows = await _advance(connection, sends, [row for row in awaited if row.id in over]) if over else _NOTHING
    return follows, [row for row in awaited if row.id not in over]


_NOTHING: Final = Settlement(publish=(), wake={})


async def _advance(connection: AsyncConnection, sends: Sequence[Row[Any]], over: Sequence[Row[Any]]) -> Settlement:
    theirs = {row.send_id for row in over}
    concerned = {send.id: send for send in sends if send.id in theirs}
    reasons = {row.id: _reason(concerned[row.send_id]) for row in over}
    rows = [{"id": str(identifier), "reason": reason} for identifier, reason in reasons.items()]
    async with counting.recounted(connection, list(reasons)):
        await connection.execute(statements.end, {"rows": json.dumps(rows), **among(list(reasons))})
    events = [_event(row, reasons[row.id]) for row in over]
    await connection.execute(settlement.insert_events, {"rows": json.dumps(events)})
    _log.info("confirmation.missing", deliveries=len(over))
    return await advance.move(connection, list(concerned.values()), {})


def _reason(send: Row[Any]) -> str:
    until = confirmation.read(send.until)
    return confirmation.missing(until) if until else "not confirmed in time"


def _event(row: Row[Any], reason: str) -> dict[str, Any]:
    whose = {"send_id": str(row.send_id), "delivery_id": str(row.id)}
    return {**whose, "id": str(ids.new()), "kind": "unconfirmed", "data": {"reason": reason}}
