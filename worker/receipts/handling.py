"""Handling what providers say by webhook: receipts of messages, what people write, and the state of devices.

A webhook is handled as often as its task comes: all that is written of it only moves forward, so that a repeat changes nothing. It
concerns the account alone whose key it was signed for.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import ids
from shared.db.statements import receipts as statements
from shared.db.statements import templates
from worker.deliver import advance
from worker.deliver.advance import Settlement
from worker.receipts import events, matching, people, reading, recording, sessions
from worker.receipts.people import Senders
from worker.receipts.reading import Heard
from worker.receipts.recording import Recorded
from worker.runtime import patience
from worker.runtime.process import Process
from worker.webhooks import outbox

_log: Final = structlog.get_logger("receipt")

_PATIENCE: Final = 20.0
"""Seconds to wait for Postgres with what webhooks tell; then they are left to recovery."""

_SOON: Final = 45.0
"""Seconds for which a webhook that came too early is handled again and again: longer than a call lasts. Then recovery does."""
_OFTEN: Final = 8.0
"""Seconds between two times, at the most."""


async def handle(process: Process, webhook_ids: Sequence[UUID]) -> None:
    """Handle webhooks of the inbox."""
    async with process.engine.connect() as connection:
        webhooks = (await connection.execute(statements.select_webhooks, {"ids": list(webhook_ids)})).all()
    if webhooks:
        await _handle(process, webhooks)


async def _handle(process: Process, webhooks: Sequence[Row[Any]]) -> None:
    """Handle webhooks together; apart when that is refused, so that a bad one stops only itself."""
    try:
        heard = reading.read(webhooks)
        senders = await patience.outlast("receipt", partial(_note, process, heard), _PATIENCE)
        follows, again = await patience.outlast("receipt", partial(_record, process.engine, heard, senders), _PATIENCE)
    except Exception as error:  # noqa: BLE001 - whatever it is, the webhook stays in the inbox.
        await _handle_apart(process, webhooks, error)
    else:
        await process.publisher.follow(follows)
        for seconds, early in again.items():
            await process.publisher.publish_receipts(early, seconds)


async def _handle_apart(process: Process, webhooks: Sequence[Row[Any]], error: Exception) -> None:
    """Handle each alone; while Postgres is away none, which is left to recovery."""
    if patience.is_away(error):
        _log.warning("receipt.put_off", webhooks=len(webhooks), error=type(error).__name__)
    elif len(webhooks) > 1:
        for webhook in webhooks:
            await _handle(process, [webhook])
    else:
        await _give_up(process, webhooks[0].id, error)


async def _give_up(process: Process, webhook_id: UUID, error: Exception) -> None:
    """Leave a webhook that our own code cannot handle where it is; nobody waits for what it might confirm."""
    # Never the error's own words, which may quote the webhook.
    _log.error("receipt.not_handled", webhook=ids.encode(ids.INBOX, webhook_id), error=type(error).__name__)
    async with process.engine.begin() as connection:
        await connection.execute(statements.keep, {"ids": [webhook_id]})


async def _note(process: Process, webhooks: Sequence[Heard]) -> Senders:
    """Write down what concerns senders and people, apart from the deliveries, which are locked before them."""
    async with process.engine.begin() as connection:
        ask = await sessions.note(connection, webhooks)
        sync = await _ask_for_templates(connection, webhooks)
        senders = await people.find_senders(connection, webhooks)
        await people.note(connection, webhooks, senders)
    if ask:
        await process.publisher.publish_probe()
    if sync:
        await process.publisher.publish_sync()
    return senders


async def _ask_for_templates(connection: AsyncConnection, webhooks: Sequence[Heard]) -> bool:
    """Let the templates of accounts be read whose webhooks say that some have changed: a webhook does not say of which number."""
    account_ids = sorted({heard.account_id for heard in webhooks if heard.news.templates})
    if account_ids:
        await connection.execute(templates.ask_soon, {"account_ids": account_ids, "key_id": None})
    return bool(account_ids)


async def _record(
    engine: AsyncEngine, webhooks: Sequence[Heard], senders: Senders
) -> tuple[Settlement, Mapping[float, list[UUID]]]:
    """Record receipts, and what customers hear. Gives what follows, and the webhooks to be handled again, by when."""
    notices = [notice for webhook in webhooks for notice in webhook.notices()]
    async with engine.begin() as connection:
        calls = await matching.find_calls(connection, webhooks)
        matched = await matching.match(connection, notices)
        recorded = await recording.record(connection, matched.by_delivery)
        early = recorded.too_early | {each.id for each in webhooks if each.id in matched.unknown and calls.may_be_of(each)}
        kept = [each for each in webhooks if each.id in early]
        await _leave(connection, [each.id for each in webhooks if each.id not in early], [each.id for each in kept])
        told = await _tell(connection, recorded, webhooks, senders)
    counted = {"webhooks": len(webhooks), "reports": len(notices), "deliveries": len(matched.by_delivery), "kept": len(kept)}
    _log.info("receipt.handled", **counted, resolved=recorded.resolved)
    return advance.joined(recorded.settlement, Settlement(publish=(), wake={}, webhooks=told)), _again(kept)


async def _leave(connection: AsyncConnection, done: Sequence[UUID], kept: Sequence[UUID]) -> None:
    """Drop what is handled, and note of the others that they were looked at."""
    for statement, webhook_ids in ((statements.forget, done), (statements.keep, kept)):
        if webhook_ids:
            await connection.execute(statement, {"ids": list(webhook_ids)})


async def _tell(connection: AsyncConnection, recorded: Recorded, webhooks: Sequence[Heard], senders: Senders) -> tuple[UUID, ...]:
    moved = [events.of_moved(each) for each in recorded.moved]
    return await outbox.enqueue(connection, [*moved, *events.of_inbound(webhooks, senders)])


def _again(kept: Iterable[Heard]) -> dict[float, list[UUID]]:
    """Group the young ones by when they are handled again: each time after as long again as they have waited, within limits."""
    groups: dict[float, list[UUID]] = defaultdict(list)
    for webhook in kept:
        if webhook.age < _SOON:
            groups[min(max(1.0, math.ceil(webhook.age)), _OFTEN)].append(webhook.id)
    return groups
