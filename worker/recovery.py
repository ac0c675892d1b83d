"""Finding again what a crash left lying: Postgres knows every delivery that has not ended."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from shared import settings
from shared.db.statements import recovery
from shared.domain import retry
from shared.domain.channels import Channel
from shared.domain.outcome import Code, Unknown
from worker.deliver import claim, one
from worker.deliver.result import Lineage, Result
from worker.runtime.process import Process

_log: Final = structlog.get_logger("recovery")
_LIMIT: Final = 5000


async def recover(process: Process) -> None:
    """Find what was lost, once."""
    await _end_expired_claims(process)
    await _republish(process)


async def _end_expired_claims(process: Process) -> None:
    """A call whose worker died may have been made: its outcome is unknown, and the key's policy decides what follows."""
    expired = await claim.take_over(process.engine, _LIMIT)
    if expired:
        _log.warning("recovery.expired_claims", deliveries=len(expired))
    await asyncio.gather(*(process.writer.write(_lost(each)) for each in expired))


def _lost(each: claim.Claim) -> Result:
    outcome = Unknown(
        code=Code.WORKER_LOST,
        reason="the worker was lost during the call: it may have been sent",
        safe_to_repeat=each.channel is Channel.EMAIL,
    )
    # The lease, which outlasts every budget, is the time it took to miss the worker: it is not held against the delivery.
    history = retry.History(attempts=each.attempts + 1, waited=0.0)
    decision = retry.decide(outcome, history, one.budget(), each.on_unknown)
    return Result(claim=each, outcome=outcome, decision=decision, seconds=0.0, called_after=0.0)


async def _republish(process: Process) -> None:
    """Publish queued deliveries that nobody took in time. One whose task was only slow is claimed once all the same."""
    parameters = {"after_seconds": settings.get().republish_after, "limit": _LIMIT}
    async with process.engine.begin() as connection:
        lost = (await connection.execute(recovery.republish, parameters)).all()
    for queue, delivery_ids in _by_queue(lost).items():
        _log.warning("recovery.republished", queue=queue, deliveries=len(delivery_ids))
        await process.publisher.publish(delivery_ids, queue, None, Lineage())


def _by_queue(rows: Sequence[Row[Any]]) -> dict[str, list[UUID]]:
    queues: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        queues[row.queue].append(row.id)
    return queues
