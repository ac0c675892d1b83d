"""Delivering what one task carries: claim the batch at once, then each delivery on its own, side by side."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from worker.deliver import claim, one
from worker.deliver.result import Lineage
from worker.runtime.process import Process


async def deliver(process: Process, delivery_ids: Sequence[UUID], lineage: Lineage) -> None:
    """Deliver a batch; done when every outcome is committed and what follows it is published."""
    claims, early = await claim.claim(process.engine, delivery_ids)
    claimed_at = time.monotonic()
    await asyncio.gather(
        *(_deliver_one(process, each, claimed_at, lineage) for each in claims),
        *(process.publisher.publish((each.id,), each.queue, each.seconds, lineage) for each in early),
    )


async def _deliver_one(process: Process, each: claim.Claim, claimed_at: float, lineage: Lineage) -> None:
    result = await one.deliver(each, claimed_at, lineage, process.wires)
    await process.writer.write(result)
