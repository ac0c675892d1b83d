"""Asking providers what became of deliveries whose outcome is unknown.

A message that is found was sent. One that is not found proves nothing, so that no look-up ever says that a message was not sent:
the provider may not show it yet, or know it by another id. What is not found in the end stays unknown.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, settings
from shared.db.statements import among
from shared.db.statements import resolution as statements
from shared.domain.channels import Channel
from shared.domain.outcome import NotSent, Sent
from worker import channels
from worker.channels import keys
from worker.channels.base import Absence
from worker.deliver import settle
from worker.deliver.advance import Settlement
from worker.deliver.resolving import Resolution
from worker.runtime import patience
from worker.runtime.process import Process
from worker.runtime.wires import ProcessWires

_log: Final = structlog.get_logger("resolution")
_AGES: Final = (15.0, 60.0, 300.0, 1800.0)
"""Seconds after the end of a call at which it is looked up again: most are found at once, few ever after half an hour."""
_LIMIT: Final = 100
"""Deliveries looked up side by side."""
_PATIENCE: Final = 20.0
"""Seconds to wait for Postgres with what was found; then it is looked up again."""


async def resolve_due(process: Process) -> None:
    """Look up the unknown deliveries whose time has come, until the next run begins: a gateway that hangs must not gather runs."""
    end = time.monotonic() + settings.get().recover_interval
    while due := await _take(process.engine):
        await _resolve(process, due)
        if len(due) < _LIMIT or time.monotonic() > end:
            return


async def _take(engine: AsyncEngine) -> Sequence[Row[Any]]:
    async with engine.begin() as connection:
        return (await connection.execute(statements.take_due, {"ages": list(_AGES), "limit": _LIMIT})).all()


async def _resolve(process: Process, due: Sequence[Row[Any]]) -> None:
    answers = await asyncio.gather(*(_look_up_apart(row, process.wires) for row in due))
    found = [_resolution(row, answer) for row, answer in zip(due, answers, strict=True) if isinstance(answer, Sent)]
    hopeless = [row.id for row, answer in zip(due, answers, strict=True) if answer is Absence.FOR_GOOD]
    settlement = await patience.outlast("resolution", partial(_write, process.engine, found, hopeless), _PATIENCE)
    _log.info("resolution.looked_up", deliveries=len(due), found=len(found))
    await process.publisher.follow(settlement)


async def _look_up_apart(row: Row[Any], wires: ProcessWires) -> Sent | Absence:
    """Keep a fault of ours in one delivery from the others."""
    try:
        return await _look_up(row, wires)
    except Exception as error:  # noqa: BLE001 - whatever it is, the delivery stays unknown until the next look.
        # Never the error's own words, which may quote the key or the message.
        _log.error("resolution.bug", delivery=ids.encode(ids.DELIVERY, row.id), error=type(error).__name__)
        return Absence.SO_FAR


async def _look_up(row: Row[Any], wires: ProcessWires) -> Sent | Absence:
    channel = Channel(row.channel)
    credentials = keys.credentials(channel, row.key_id, bytes(row.credentials))
    if isinstance(credentials, NotSent):
        return Absence.SO_FAR
    return await channels.adapter(channel).look_up(row.id, row.address, credentials, wires.towards(credentials))


def _resolution(row: Row[Any], found: Sent) -> Resolution:
    return Resolution.sent(row.id, "the message was found at the provider", found)


async def _write(engine: AsyncEngine, found: Sequence[Resolution], hopeless: Sequence[UUID]) -> Settlement:
    async with engine.begin() as connection:
        settlement = await settle.resolve(connection, found) if found else Settlement(publish=(), wake={})
        if hopeless:
            await connection.execute(statements.give_up, among(hopeless))
    return settlement
