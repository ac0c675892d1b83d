"""Keeping the templates of business numbers as Meta has them, and making there those that are submitted.

Meta is asked when somebody wants it, when a webhook says that something has changed, and every so often. What it lists counts, in
whatever order its webhooks came.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import ids, settings
from shared.credentials.waba import WabaCredentials
from shared.db.statements import templates as statements
from shared.domain import content, template_definitions, template_standings
from shared.domain.channels import Channel
from shared.domain.content import WabaTemplate
from shared.domain.outcome import Action, NotSent, Unknown
from shared.domain.template_definitions import Listed
from worker.channels import keys
from worker.channels.base import Wires
from worker.channels.waba import templates as meta
from worker.channels.waba.templates import Catalogue, Made
from worker.runtime import patience
from worker.runtime.wires import ProcessWires

_log: Final = structlog.get_logger("template")
_LIMIT: Final = 50
"""Numbers whose templates are read at a time."""
_LEASE: Final = 600.0
"""Seconds for which nobody else reads the same number's: longer than all pages may take."""
_SOON: Final = 300.0
"""Seconds after which Meta is asked again that could not be reached, or was not ready."""
_PATIENCE: Final = 20.0
"""Seconds to wait for Postgres with what Meta has said."""

Trouble = NotSent | Unknown
_Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A key whose templates are to be read."""

    id: UUID
    account_id: UUID
    credentials: bytes
    lease: datetime | None
    began_at: datetime
    """The moment as of which what Meta lists is known."""


async def sync_due(engine: AsyncEngine, wires: ProcessWires) -> None:
    """Read the templates of the numbers whose time has come, side by side."""
    parameters = {"limit": _LIMIT, "interval": settings.get().template_sync_interval, "lease_seconds": _LEASE}
    async with engine.begin() as connection:
        taken = (await connection.execute(statements.take_due, parameters)).all()
    await asyncio.gather(*(_sync_apart(engine, wires, row) for row in taken))


async def sync_now(engine: AsyncEngine, wires: ProcessWires, key_id: UUID) -> Trouble | None:
    """Read one number's templates, and say what was in the way if that failed.

    Raises :class:`sqlalchemy.exc.NoResultFound` when there is no such number.
    """
    async with engine.connect() as connection:
        row = (await connection.execute(statements.select_key, {"id": key_id})).one()
    return await _sync(engine, wires, _number(row))


async def _sync_apart(engine: AsyncEngine, wires: ProcessWires, row: Row[Any]) -> None:
    """Keep a fault of ours in one number from the others."""
    try:
        _report(row.id, await _sync(engine, wires, _number(row)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the lease brings the next try.
        # Never the error's own words, which may quote what the key holds.
        _log.error("template.not_synced", key=ids.encode(ids.KEY, row.id), error=type(error).__name__)


async def _sync(engine: AsyncEngine, wires: ProcessWires, number: Number) -> Trouble | None:
    credentials = keys.credentials(Channel.WABA, number.id, number.credentials)
    if isinstance(credentials, NotSent):
        trouble: Trouble | None = credentials
    else:
        trouble = await _exchange(engine, wires.towards(credentials), number, credentials)
    await patience.outlast("template", partial(_finish, engine, number, trouble), _PATIENCE)
    return trouble


async def _exchange(engine: AsyncEngine, wires: Wires, number: Number, credentials: Any) -> Trouble | None:
    """Take over what Meta lists, then hand in what it does not have yet; gives what was in the way first."""
    found = await meta.catalogue(credentials, wires)
    if not isinstance(found, Catalogue):
        return found
    await patience.outlast("template", partial(_write, engine, number, found), _PATIENCE)
    return await _submit(engine, wires, number, credentials)


async def _write(engine: AsyncEngine, number: Number, found: Catalogue) -> None:
    """Write what Meta lists, unless somebody has written what it listed later."""
    async with engine.begin() as connection:
        newer = (await connection.execute(statements.select_newer, {"id": number.id, "began_at": number.began_at})).scalar_one()
        if not newer:
            await _upsert(connection, number, found)


async def _upsert(connection: AsyncConnection, number: Number, found: Catalogue) -> None:
    kept = _by_name((await connection.execute(statements.select_kept, {"key_id": number.id})).all())
    known: list[_Json] = []
    new: list[_Json] = []
    for each in _first_of_each(found.listed):
        before = kept.get((each.definition.name, each.definition.language))
        (new if before is None else known).append(_row(each, before))
    owner = {"account_id": number.account_id, "key_id": number.id}
    as_of = {"began_at": number.began_at}
    if known:
        await connection.execute(statements.update_listed, {"rows": json.dumps(known), **as_of})
    if new:
        await connection.execute(statements.insert_listed, {"rows": json.dumps(new), **owner, **as_of})
    gone = {"key_id": number.id, "listed": sorted(found.ids), "reason": template_standings.GONE, **as_of}
    await connection.execute(statements.retire_gone, gone)


def _by_name(rows: Iterable[Row[Any]]) -> dict[tuple[str, str], Row[Any]]:
    """Give the templates of a number by Meta's name and language; of two the older."""
    return {(str(row.body.get("name")), str(row.body.get("language"))): row for row in rows}


def _first_of_each(listed: Iterable[Listed]) -> list[Listed]:
    """Leave out repeats, which pages bring when a template is made between two."""
    return list({(each.definition.name, each.definition.language): each for each in listed}.values())


def _row(listed: Listed, kept: Row[Any] | None) -> _Json:
    body = template_definitions.merged(listed.definition, None if kept is None else WabaTemplate.model_validate(kept.body))
    return {
        "id": None if kept is None else kept.id,
        "name": body.name,
        "language": body.language,
        "body": content.dump(body),
        "category": listed.category,
        "quality": listed.quality,
        "provider_id": listed.provider_id,
        **_standing(listed.status, listed.rejected_reason),
    }


def _standing(status: str, rejected_reason: str | None) -> _Json:
    """Give how a template stands; a status that is not known says nothing of it."""
    found = template_standings.standing(status, rejected_reason)
    if found is None:
        _log.warning("template.unknown_status", status=status[:40])
        return {"status": None, "off": False, "reason": None}
    return {"status": found.status, "off": found.off, "reason": found.reason}


async def _submit(engine: AsyncEngine, wires: Wires, number: Number, credentials: WabaCredentials) -> Trouble | None:
    """Have Meta make what was submitted. A template that it refuses is rejected; anything else stops here, to be tried again."""
    async with engine.connect() as connection:
        submitted = (await connection.execute(statements.select_submitted, {"key_id": number.id})).all()
    for row in submitted:
        definition = template_definitions.to_submit(WabaTemplate.model_validate(row.body), row.category or "")
        trouble = await _note(engine, row.id, await meta.make(credentials, definition, wires))
        if trouble is not None:
            return trouble
    return None


async def _note(engine: AsyncEngine, template_id: int, answer: Made | Trouble) -> Trouble | None:
    """Write what came of making a template, or give why that is not known yet."""
    if isinstance(answer, Made):
        found = _standing(answer.status, None)
        made = {
            "provider_id": answer.provider_id,
            "category": answer.category,
            "status": found["status"],
            "reason": found["reason"],
        }
        await _change(engine, statements.note_made, {"id": template_id, **made})
        return None
    if isinstance(answer, NotSent) and answer.action is Action.PERMANENT:
        await _change(engine, statements.note_refused, {"id": template_id, "reason": f"Meta: {answer.reason}"})
        return None
    return answer


async def _change(engine: AsyncEngine, statement: Any, parameters: Mapping[str, Any]) -> None:
    async with engine.begin() as connection:
        await connection.execute(statement, parameters)


async def _finish(engine: AsyncEngine, number: Number, trouble: Trouble | None) -> None:
    interval = settings.get().template_sync_interval
    outcome = {
        "error": None if trouble is None else f"{trouble.code}: {trouble.reason}",
        "seconds": min(_SOON, interval) if trouble is not None and _passes(trouble) else interval,
    }
    noted = {"id": number.id, "began_at": number.began_at, "lease": number.lease, **outcome}
    await _change(engine, statements.finish, noted)


def _passes(trouble: Trouble) -> bool:
    return isinstance(trouble, Unknown) or trouble.action is Action.RETRY


def _report(key_id: UUID, trouble: Trouble | None) -> None:
    event = "template.synced" if trouble is None else "template.sync_failed"
    provider_code = (trouble.detail or {}).get("code") if isinstance(trouble, NotSent) else None
    code = None if trouble is None else trouble.code.value
    _log.info(event, key=ids.encode(ids.KEY, key_id), code=code, provider_code=provider_code)


def _number(row: Row[Any]) -> Number:
    return Number(**{**row._mapping, "credentials": bytes(row.credentials)})
