"""Delivering what one task carries: claim the batch at once, then each delivery on its own, side by side."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from uuid import UUID

from shared.domain.outcome import NotSent
from worker.deliver import admission, attaching, one, release
from worker.deliver.admission import Admission, Go
from worker.deliver.claim import Claim
from worker.deliver.one import Context, Ready, Stopped
from worker.deliver.release import Later
from worker.deliver.result import Lineage, Result
from worker.runtime.process import Process


async def deliver(process: Process, delivery_ids: Sequence[UUID], lineage: Lineage) -> None:
    """Deliver a batch; done when every outcome is committed and what follows it is published."""
    claims, early = await process.claimer.claim(delivery_ids)
    process.holding.hold(early, lineage)
    if claims:
        context = Context(claimed_at=time.monotonic(), lineage=lineage)
        with process.in_flight.of(claims):
            await _deliver(process, claims, context)


async def _deliver(process: Process, claims: Iterable[Claim], context: Context) -> None:
    prepared = await attaching.attach(process.lines, [one.prepare_call(each) for each in claims])
    ready = [each for each in prepared if isinstance(each, Ready)]
    verdicts = list(zip(ready, await _admit(process, [each.claim for each in ready]), strict=True))
    done = await asyncio.gather(
        *(process.writer.write(one.stop(each, context)) for each in prepared if isinstance(each, Stopped)),
        *(process.writer.write(one.stop(each, context)) for each in _refused(verdicts)),
        *(_call(process, each, admitted.wait, context) for each, admitted in verdicts if isinstance(admitted, Go)),
        _give_back(process, _put_off(verdicts), context.lineage),
        return_exceptions=True,
    )
    # The task ends with its last call, or a process that stops would not wait for the others.
    for error in done:
        if error is not None:
            raise error


async def _admit(process: Process, claims: Sequence[Claim]) -> Sequence[Admission | Stopped]:
    try:
        return await admission.admit(process, claims) if claims else []
    except Exception as error:  # noqa: BLE001 - nothing has left, so that none must count as lost in its call.
        return [one.fail(claim, error) for claim in claims]


def _refused(verdicts: Sequence[tuple[Ready, Admission | Stopped]]) -> list[Stopped]:
    refused = [Stopped(claim=each.claim, outcome=verdict) for each, verdict in verdicts if isinstance(verdict, NotSent)]
    return refused + [verdict for _, verdict in verdicts if isinstance(verdict, Stopped)]


def _put_off(verdicts: Iterable[tuple[Ready, Admission | Stopped]]) -> list[Later]:
    return [
        Later(claim=each.claim, seconds=verdict.seconds, refund=False, patient_from=verdict.patient_from)
        for each, verdict in verdicts
        if isinstance(verdict, admission.Later)
    ]


async def _call(process: Process, ready: Ready, wait: float, context: Context) -> None:
    """Call after a short wait; who stops meanwhile, or has held the claim for too long, gives it back, since nothing has left."""
    if (wait and not await process.stopping.sleep(wait)) or context.outworn:
        await _give_back(process, [Later(claim=ready.claim, seconds=0.0, refund=True)], context.lineage)
        return
    result = await one.call(ready, context, process.wires)
    try:
        await _honour_pause(process, result)
    finally:
        await process.writer.write(result)


async def _honour_pause(process: Process, result: Result) -> None:
    """Let all workers know that the provider wants to be left alone."""
    if isinstance(result.outcome, NotSent) and result.outcome.pause:
        await process.pacing.pause(result.claim, result.outcome.pause)


async def _give_back(process: Process, later: Sequence[Later], lineage: Lineage) -> None:
    if later:
        given = await release.give_back(process.engine, later, in_haste=bool(process.stopping))
        await process.publisher.publish_later(given, lineage)
