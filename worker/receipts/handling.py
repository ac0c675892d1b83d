"""Recording what providers report by webhook of messages they took, and resolving by it what is unknown.

A webhook is handled as often as its task comes: receipts only move forward, so that a repeat changes nothing. It concerns the
deliveries of one account alone, the one whose key it was signed for.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import ids
from shared.db.statements import among, settlement
from shared.db.statements import receipts as statements
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState
from worker.channels.base import Report
from worker.channels.waba import receipts as waba
from worker.deliver import advance, settle
from worker.deliver.advance import Settlement
from worker.receipts import judgement
from worker.receipts.judgement import Notice, Standing, Verdict
from worker.runtime.process import Process

_log: Final = structlog.get_logger("receipt")

_READERS: Final[Mapping[str, Callable[[bytes], list[Report]]]] = {"waba": waba.read}
"""What a provider's webhooks are read by. Raises :class:`ValueError` for what cannot be read at all."""


async def handle(process: Process, webhook_ids: Sequence[UUID]) -> None:
    """Record what webhooks of the inbox report."""
    async with process.engine.connect() as connection:
        webhooks = (await connection.execute(statements.select_webhooks, {"ids": list(webhook_ids)})).all()
    if webhooks:
        await _handle(process, webhooks)


async def _handle(process: Process, webhooks: Sequence[Row[Any]]) -> None:
    """Record webhooks together; apart when that is refused, so that a bad one stops only itself."""
    try:
        follows = await _record(process.engine, webhooks)
    except Exception as error:  # noqa: BLE001 - whatever it is, the webhook stays in the inbox.
        await _handle_apart(process, webhooks, error)
    else:
        await process.publisher.follow(follows)


async def _handle_apart(process: Process, webhooks: Sequence[Row[Any]], error: Exception) -> None:
    if len(webhooks) > 1:
        for webhook in webhooks:
            await _handle(process, [webhook])
        return
    # Never the error's own words, which may quote the webhook.
    _log.error("receipt.not_handled", webhook=ids.encode(ids.INBOX, webhooks[0].id), error=type(error).__name__)


async def _record(engine: AsyncEngine, webhooks: Sequence[Row[Any]]) -> Settlement:
    notices = [notice for webhook in webhooks for notice in _notices(webhook)]
    async with engine.begin() as connection:
        by_delivery = await _matched(connection, notices)
        verdicts = await _judged(connection, by_delivery)
        follows = await _write(connection, verdicts)
        too_early = frozenset[UUID]().union(*(verdict.too_early for verdict in verdicts))
        await connection.execute(statements.forget, {"ids": [each.id for each in webhooks if each.id not in too_early]})
    resolved = sum(verdict.resolution is not None for verdict in verdicts)
    counted = {"webhooks": len(webhooks), "reports": len(notices), "deliveries": len(verdicts), "resolved": resolved}
    _log.info("receipt.handled", **counted, too_early=len(too_early))
    return follows


def _notices(webhook: Row[Any]) -> Iterator[Notice]:
    try:
        reports = _READERS[webhook.provider](bytes(webhook.body))
    except ValueError:
        _log.warning("receipt.unreadable", webhook=ids.encode(ids.INBOX, webhook.id))
        return
    origin = {"webhook_id": webhook.id, "account_id": webhook.account_id, "channel": webhook.channel}
    yield from (Notice(report=report, received_at=webhook.received_at, **origin) for report in reports)


async def _matched(connection: AsyncConnection, notices: Iterable[Notice]) -> dict[UUID, list[Notice]]:
    """Find the deliveries that notices are about, each among those of its own account and channel."""
    named, unnamed = _split(notices)
    found = [*await _by_id(connection, named), *await _by_message(connection, unnamed)]
    matched: dict[UUID, list[Notice]] = defaultdict(list)
    for row in found:
        theirs = [*named.get(row.id, ()), *unnamed.get(row.provider_message_id, ())]
        own = [notice for notice in theirs if (notice.account_id, notice.channel) == (row.account_id, row.channel)]
        if own:
            matched[row.id] = own
    return matched


def _split(notices: Iterable[Notice]) -> tuple[dict[UUID, list[Notice]], dict[str, list[Notice]]]:
    """Group the notices that name a delivery by it, and those that do not by the provider's id of the message."""
    named: dict[UUID, list[Notice]] = defaultdict(list)
    unnamed: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        delivery_id, message_id = notice.report.delivery_id, notice.report.provider_message_id
        (unnamed[message_id] if delivery_id is None else named[delivery_id]).append(notice)
    return named, unnamed


async def _by_id(connection: AsyncConnection, named: Mapping[UUID, Any]) -> Sequence[Row[Any]]:
    return (await connection.execute(statements.select_by_id, among(list(named)))).all() if named else []


async def _by_message(connection: AsyncConnection, unnamed: Mapping[str, Any]) -> Sequence[Row[Any]]:
    return (await connection.execute(statements.select_by_message, {"message_ids": list(unnamed)})).all() if unnamed else []


async def _judged(connection: AsyncConnection, by_delivery: Mapping[UUID, Sequence[Notice]]) -> list[Verdict]:
    """Lock the deliveries, after their sends, and judge each."""
    if not by_delivery:
        return []
    await advance.lock(connection, {ids.send_of(each) for each in by_delivery})
    rows = (await connection.execute(statements.lock_deliveries, among(list(by_delivery)))).all()
    return [judgement.judge(_standing(row), by_delivery[row.id]) for row in rows]


def _standing(row: Row[Any]) -> Standing:
    receipt = None if row.receipt is None else Receipt(row.receipt)
    return Standing(id=row.id, state=DeliveryState(row.state), receipt=receipt, provider_message_id=row.provider_message_id)


async def _write(connection: AsyncConnection, verdicts: Sequence[Verdict]) -> Settlement:
    rows = [verdict.receipt for verdict in verdicts if verdict.receipt]
    events = [verdict.event for verdict in verdicts if verdict.event]
    if rows:
        await connection.execute(statements.record, {"rows": json.dumps(rows), **among([UUID(row["id"]) for row in rows])})
    if events:
        await connection.execute(settlement.insert_events, {"rows": json.dumps(events)})
    resolutions = [verdict.resolution for verdict in verdicts if verdict.resolution]
    return await settle.resolve(connection, resolutions) if resolutions else Settlement(publish=(), wake={})
