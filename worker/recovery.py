"""Finding again what a crash left lying: Postgres knows every delivery that has not ended."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from shared import ids, metrics, queues, settings
from shared.db.statements import among, campaigns, receipts, recovery, webhooks
from shared.domain import retry
from shared.domain.channels import Channel
from shared.domain.outcome import Code, Unknown
from worker import confirmation, failing, resolution
from worker.deliver import advance, claim, counting, one, record, settle, spans
from worker.deliver.result import Lineage, Result
from worker.runtime.process import Process
from worker.webhooks import crowding

_log: Final = structlog.get_logger("recovery")
_LIMIT: Final = 5000
_OF_ONE: Final = 1000
"""Webhooks of one customer's subscription that are published in one run."""
_SWEPT: Final = 1000
"""Running sends that are looked at in one run."""
_SHORT_QUEUE: Final = 50
"""Tasks in a queue up to which one that is missed is lost and not just waiting for its turn."""
_FULL_QUEUE: Final = 100_000
"""Tasks in a queue from which on nothing is published again: where workers are gone for days it would grow by it for days."""
_WORKER: Final = "recovery"
"""Who records the outcome of a call whose worker was lost."""
_AT_LAST: Final = 10
"""How many times longer a task in a long queue is given."""


class Sweep:
    """How far the running sends were looked at: each run of a process goes on where its last one ended."""

    def __init__(self) -> None:
        self.after = UUID(int=0)


_sweep: Final = Sweep()


async def recover(process: Process) -> None:
    """Find what was lost, once. What dead processes left on disk comes first: it is better known than their leases tell."""
    await _take_step("replay", process.writer.replay())
    async with process.engine.begin() as connection:
        parameters = {"after_seconds": settings.get().republish_after, "most_unposted": settings.get().most_unposted}
        found = (await connection.execute(recovery.look, parameters)).one()
    if found.expired:
        await _take_step("expired", _end_expired_claims(process))
    if found.running:
        await _take_step("running", _settle_stranded(process))
        await _take_step("reopened", _reopen_campaigns(process))
    if found.lost:
        await _take_step("lost", _republish(process))
    if found.unhandled:
        await _take_step("unhandled", _republish_webhooks(process))
    if found.unposted:
        await _take_step("unposted", _post_due(process))
    if found.crowded:
        await _take_step("crowded", crowding.mark(process.engine))
    if found.unconfirmed:
        await _take_step("unconfirmed", confirmation.end_overdue(process))
    if found.unresolved:
        await _take_step("unresolved", resolution.resolve_due(process))
    if found.counted:
        await _take_step("counted", counting.fold(process.engine))


async def _take_step(name: str, step: Awaitable[None]) -> None:
    """Take a step. One that fails, at each run perhaps, must not keep the others from being taken."""
    try:
        await step
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and tried again in the next run.
        failing.tell("recovery.failed", {"step": name}, error)


async def advance_sends(process: Process, send_ids: Iterable[UUID]) -> None:
    """Take the next step of sends whose deliveries a person has changed."""
    async with process.engine.begin() as connection:
        settlement = await advance.advance(connection, send_ids)
    await process.publisher.follow(settlement)


async def _end_expired_claims(process: Process) -> None:
    """A call whose worker died may have been made: its outcome is unknown, and the key's policy decides what follows."""
    async with process.lines.line() as line:
        expired = await claim.take_over(line, _LIMIT)
        lost = [_lost(each) for each in expired]
        settlement = await settle.settle(line, [record.of(each, _WORKER) for each in lost]) if lost else None
        await line.commit()
    if settlement:
        _log.warning("recovery.expired_claims", deliveries=len(lost))
        metrics.RECOVERED.labels("expired_claims").inc(len(lost))
        for each in lost:
            one.report(each, spans.of_delivery(each.claim, None, 0.0))
        await process.publisher.follow(settlement)


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


async def _settle_stranded(process: Process) -> None:
    """Settle running sends for which nobody works and no person is waited for."""
    stranded = await _stranded(process)
    if stranded:
        _log.warning("recovery.stranded_sends", sends=len(stranded))
        metrics.RECOVERED.labels("stranded_sends").inc(len(stranded))
        await advance_sends(process, stranded)


async def _reopen_campaigns(process: Process) -> None:
    """Have those cancelled campaigns closed again whose sends run again; the feeder does so."""
    async with process.engine.begin() as connection:
        await connection.execute(campaigns.reopen)


async def _stranded(process: Process) -> set[UUID]:
    parameters = {"after": _sweep.after, "age_seconds": settings.get().lease_seconds, "limit": _SWEPT}
    async with process.engine.begin() as connection:
        running = (await connection.execute(recovery.select_running, parameters)).all()
        _sweep.after = running[-1].id if len(running) == _SWEPT else UUID(int=0)
        if not running:
            return set()
        theirs = [identifier for send in running for identifier in ids.deliveries_of(send.id, send.deliveries)]
        waiting = set((await connection.execute(recovery.select_open, among(theirs))).scalars())
    return {send.id for send in running} - waiting


async def _depths() -> Mapping[str, int] | None:
    """Give how many tasks wait in each queue; ``None`` while the broker is away."""
    try:
        return await asyncio.to_thread(queues.depths)
    except queues.BROKER_TROUBLE:
        return None


async def _missed_after(queue: queues.Queue) -> float | None:
    """Give the seconds after which a task of a queue is missed; ``None`` where nothing can be published again."""
    depths = await _depths()
    if depths is None or depths[queue] >= _FULL_QUEUE:
        return None
    return settings.get().republish_after * (1 if depths[queue] <= _SHORT_QUEUE else _AT_LAST)


async def _republish_webhooks(process: Process) -> None:
    """Publish webhooks that nobody handled in time, or that came too early to be."""
    after = await _missed_after(queues.Queue.EVENTS)
    if after is None:
        return
    async with process.engine.begin() as connection:
        lost = (await connection.execute(receipts.republish, {"after_seconds": after, "limit": _LIMIT})).scalars().all()
    if lost:
        _log.info("recovery.republished", queue=queues.Queue.EVENTS.value, webhooks=len(lost))
        metrics.RECOVERED.labels("receipts").inc(len(lost))
        await process.publisher.publish_receipts(lost)


async def _post_due(process: Process) -> None:
    """Publish webhooks to customers that are due: those whose time lay beyond the horizon, and those whose task was lost."""
    after = await _missed_after(queues.Queue.EVENTS)
    if after is None:
        return
    parameters = {"after_seconds": after, "each": _OF_ONE, "limit": _LIMIT}
    async with process.engine.begin() as connection:
        due = (await connection.execute(webhooks.republish, parameters)).scalars().all()
    if due:
        _log.info("recovery.posts", webhooks=len(due))
        metrics.RECOVERED.labels("webhooks").inc(len(due))
        await process.publisher.publish_webhooks(due)


async def _republish(process: Process) -> None:
    """Publish queued deliveries that nobody took in time. One whose task was only slow is claimed once all the same."""
    depths = await _depths()
    if depths is None:
        return
    after = settings.get().republish_after
    parameters = {
        "after_seconds": after,
        "at_last_seconds": after * _AT_LAST,
        "short": [queue for queue, tasks in depths.items() if tasks <= _SHORT_QUEUE],
        "full": [queue for queue, tasks in depths.items() if tasks >= _FULL_QUEUE],
        "limit": _LIMIT,
    }
    async with process.engine.begin() as connection:
        lost = (await connection.execute(recovery.republish, parameters)).all()
    for queue, delivery_ids in _by_queue(lost).items():
        _log.warning("recovery.republished", queue=queue, deliveries=len(delivery_ids))
        metrics.RECOVERED.labels("deliveries").inc(len(delivery_ids))
        await process.publisher.publish(delivery_ids, queue, None, Lineage())


def _by_queue(rows: Sequence[Row[Any]]) -> dict[str, list[UUID]]:
    queues: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        queues[row.queue].append(row.id)
    return queues
