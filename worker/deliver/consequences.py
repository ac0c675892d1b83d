"""What the outcome of a call means beyond its delivery: for the quota and the use of its key, and for the one it was sent to."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog

from shared import ids
from shared.db.hot import Executes
from shared.db.statements import people, settlement
from shared.domain import suspension
from shared.domain.outcome import Action, Mark, NotSent
from worker.deliver import quota
from worker.deliver.result import storable

Row = dict[str, Any]

_log: Final = structlog.get_logger("settle")


@dataclass(frozen=True, kw_only=True, slots=True)
class Consequences:
    """The rows to write."""

    refund: Row | None = None
    """For :func:`quota.refund`."""
    suspension: Row | None = None
    """For :data:`settlement.suspend_keys`."""
    mark: Row | None = None
    """Whom it concerns, and what is to be remembered of them, by ``mark``."""


NOTHING: Final = Consequences()


def suspended(key_id: UUID, refusal: NotSent, claimed_at: str | None) -> Row | None:
    """Suspend the key that its provider refuses, by a call that was claimed then."""
    if refusal.action is not Action.KEY:
        return None
    return {
        "id": str(key_id),
        "code": refusal.code,
        "reason": storable(refusal.reason),
        "probe_after": suspension.probe_after(refusal.code, explained=refusal.explained),
        "claimed_at": claimed_at,
    }


def marked(refusal: NotSent, account_id: UUID, channel: str, address: str | None, at: str) -> Row | None:
    """Remember what a refusal says of its recipient."""
    if refusal.mark is None or address is None:
        return None
    return {"mark": refusal.mark, "account_id": str(account_id), "channel": channel, "address": address, "at": at}


async def write(connection: Executes, found: Sequence[Consequences]) -> None:
    """Write what follows; keys come before people."""
    refunds = [each.refund for each in found if each.refund]
    suspensions = [each.suspension for each in found if each.suspension]
    if refunds and suspensions:
        await connection.execute(settlement.lock_keys, {"ids": sorted({UUID(row["id"]) for row in (*refunds, *suspensions)})})
    await quota.refund(connection, refunds)
    await _suspend(connection, suspensions)
    await _mark(connection, [each.mark for each in found if each.mark])


async def _suspend(connection: Executes, rows: Iterable[Row]) -> None:
    """Suspend the keys that were refused, each for one of the reasons it was given."""
    by_key = {row["id"]: row for row in rows}
    if not by_key:
        return
    for key in await connection.execute(settlement.suspend_keys, {"rows": json.dumps(list(by_key.values()))}):
        _log.warning("key.suspended", key=ids.encode(ids.KEY, key.id), channel=key.channel, code=key.status_code)


async def _mark(connection: Executes, rows: Sequence[Row]) -> None:
    opted_out = _by_person(row for row in rows if row["mark"] == Mark.OPTED_OUT)
    bounced = _by_person(row for row in rows if row["mark"] == Mark.BOUNCED)
    if opted_out:
        words = [{**_person(row), "opted_out_at": row["at"]} for row in opted_out]
        await connection.execute(people.note_words, {"rows": json.dumps(words)})
    if bounced:
        addresses = [{"id": str(ids.new()), **_person(row)} for row in bounced]
        await connection.execute(people.suppress_bounced, {"rows": json.dumps(addresses)})


def _by_person(rows: Iterable[Row]) -> list[Row]:
    """Give one row for each person, the latest."""
    in_order = sorted(rows, key=lambda row: str(row["at"]))
    return list({tuple(_person(row).values()): row for row in in_order}.values())


def _person(row: Mapping[str, Any]) -> Row:
    return {name: row[name] for name in ("account_id", "channel", "address")}
