"""Asking suspended keys whether they can send again, and resuming those that can."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, settings
from shared.db.statements import keys as statements
from shared.domain import suspension
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Unknown
from worker import channels
from worker.channels import keys
from worker.channels.base import Finding
from worker.runtime import patience
from worker.runtime.wires import ProcessWires

_log: Final = structlog.get_logger("key")
_LIMIT: Final = 100
"""Keys asked at a time."""
_PATIENCE: Final = 20.0
"""Seconds to wait for Postgres with a finding; then the key is asked again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probed:
    """A key to be asked, as it is now."""

    id: UUID
    channel: Channel
    credentials: bytes
    status_code: Code | None
    status_at: datetime | None
    """Since when it has its status: what tells one suspension from another."""


async def probe_due(engine: AsyncEngine, wires: ProcessWires) -> None:
    """Ask the keys whose time has come, side by side; each is decided upon as soon as it has answered."""
    parameters = {"limit": _LIMIT, "lease_seconds": settings.get().lease_seconds}
    async with engine.begin() as connection:
        taken = (await connection.execute(statements.take_due, parameters)).all()
    await asyncio.gather(*(_probe_apart(engine, wires, row) for row in taken))


async def probe_now(engine: AsyncEngine, wires: ProcessWires, key_id: UUID) -> Finding:
    """Ask one key, whatever its status; one that a refusal has suspended is resumed if it can send.

    Raises :class:`sqlalchemy.exc.NoResultFound` when there is no such key.
    """
    async with engine.connect() as connection:
        row = (await connection.execute(statements.select_key, {"id": key_id})).one()
    key = _read(row)
    finding = await _ask(key, wires)
    await _decide(engine, key, finding)
    return finding


async def _probe_apart(engine: AsyncEngine, wires: ProcessWires, row: Row[Any]) -> None:
    """Keep a fault of ours in one key from the others."""
    try:
        await _probe(engine, wires, _read(row))
    except Exception as error:  # noqa: BLE001 - whatever it is, the lease brings the next try.
        # Never the error's own words, which may quote what the key holds.
        _log.error("key.not_probed", key=ids.encode(ids.KEY, row.id), channel=row.channel, error=type(error).__name__)


async def _probe(engine: AsyncEngine, wires: ProcessWires, key: Probed) -> None:
    finding = await _ask(key, wires)
    if await patience.outlast("probe", partial(_decide, engine, key, finding), _PATIENCE):
        _report(key, finding)


async def _ask(key: Probed, wires: ProcessWires) -> Finding:
    credentials = keys.credentials(key.channel, key.id, key.credentials)
    if isinstance(credentials, NotSent):
        return credentials
    return await channels.adapter(key.channel).probe(credentials, wires.towards(credentials))


async def _decide(engine: AsyncEngine, key: Probed, finding: Finding) -> bool:
    """Resume the key or leave it suspended. ``False`` when there is nothing to decide: the suspension is over, or a person's."""
    statement, reason = (statements.resume, {}) if finding is None else (statements.keep_suspended, _reason(key, finding))
    parameters = {"id": key.id, "status_at": key.status_at, **reason}
    async with engine.begin() as connection:
        return (await connection.execute(statement, parameters)).one_or_none() is not None


def _reason(key: Probed, finding: NotSent | Unknown) -> dict[str, Any]:
    """Give the reason the key is suspended for from now on. A provider out of reach has not said another."""
    if isinstance(finding, NotSent) and finding.action is Action.KEY:
        seconds = suspension.probe_after(finding.code, explained=finding.explained)
        return {"code": finding.code, "reason": finding.reason, "probe_after": seconds}
    seconds = suspension.probe_after(key.status_code or finding.code, explained=False)
    return {"code": None, "reason": None, "probe_after": seconds}


def _report(key: Probed, finding: Finding) -> None:
    event = "key.resumed" if finding is None else "key.still_suspended"
    found = None if finding is None else finding.code.value
    _log.info(event, key=ids.encode(ids.KEY, key.id), channel=key.channel.value, suspended_for=key.status_code, found=found)


def _read(row: Row[Any]) -> Probed:
    typed = {
        "channel": Channel(row.channel),
        "status_code": None if row.status_code is None else Code(row.status_code),
        "credentials": bytes(row.credentials),
    }
    return Probed(**{**row._mapping, **typed})
