"""Posting webhooks to customers: claimed, attempted side by side, and what came of it recorded.

At least once: a worker that is lost between an attempt and its record has spent the attempt, and another one follows.
"""

import asyncio
import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import ids, metrics, settings
from shared.db import clock
from shared.db.statements import webhooks as statements
from shared.domain import webhooks
from shared.domain.webhooks import Answer, State, Verdict
from worker.runtime.process import Process
from worker.webhooks.posting import Poster, Webhook

_log: Final = structlog.get_logger("webhooks")
_LEASE: Final = 60.0
"""Seconds after which an attempt whose outcome nobody has recorded is followed by another: above its time and the wait before."""
_EARLY: Final = 0.5
"""Seconds before its time at which a webhook is posted too: a task comes by its worker's clock."""
_LATER: Final = 5.0
"""Seconds until a webhook may be claimed again for which no attempt could be made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempted:
    """An attempt, and what it has made of its webhook."""

    webhook: Webhook
    answer: Answer
    verdict: Verdict


async def deliver(process: Process, webhook_ids: Sequence[UUID]) -> None:
    """Let those of some webhooks that are due go their way; :attr:`Process.posts` knows when they have ended."""
    for each in _by_subscription(await claim(process.engine, webhook_ids)):
        process.posts.begin(_deliver_to_one(process, each))


async def claim(engine: AsyncEngine, webhook_ids: Sequence[UUID]) -> list[Webhook]:
    """Take what is due, for an attempt each."""
    parameters = {"ids": list(webhook_ids), "early_seconds": _EARLY, "lease_seconds": _LEASE}
    async with engine.begin() as connection:
        rows = (await connection.execute(statements.claim, parameters)).mappings().all()
    if rows:
        clock.note(rows[0]["now"])
    return [Webhook(**{name: value for name, value in row.items() if name != "now"}) for row in rows]


async def _deliver_to_one(process: Process, claimed: Sequence[Webhook]) -> None:
    """Post what is for one subscription, and record it."""
    attempts = await asyncio.gather(*(_attempt(process.poster, each) for each in claimed))
    made = [each for each in attempts if each is not None]
    attempted = {each.webhook.id for each in made}
    given_back = [each for each in claimed if each.id not in attempted]
    if given_back:
        await _give_back(process.engine, given_back)
    if made:
        await record(process.engine, made)
        for each in made:
            metrics.WEBHOOK_POSTS.labels(each.verdict.state.value).inc()
    for seconds, webhook_ids in _soon(made).items():
        await process.publisher.publish_webhooks(webhook_ids, seconds)


async def _attempt(poster: Poster, webhook: Webhook) -> Attempted | None:
    started = time.monotonic()
    answer = await poster.attempt(webhook)
    if answer is None:
        return None
    verdict = webhooks.judge(answer, webhook.attempts, random.random())  # noqa: S311 - spreading retries needs no secrecy.
    _log.info(
        "webhook.attempted",
        webhook=ids.encode(ids.WEBHOOK, webhook.id),
        subscription=ids.encode(ids.SUBSCRIPTION, webhook.subscription_id),
        attempt=webhook.attempts,
        state=verdict.state.value,
        status=answer.status,
        error=verdict.error,
        ms=round((time.monotonic() - started) * 1000),
    )
    return Attempted(webhook=webhook, answer=answer, verdict=verdict)


async def _give_back(engine: AsyncEngine, claimed: Sequence[Webhook]) -> None:
    """Leave to recovery what found no turn: its receiver is slow, and tasks would wait for it that others need."""
    leases = {"ids": [each.id for each in claimed], "leases": [each.lease for each in claimed]}
    async with engine.begin() as connection:
        await connection.execute(statements.give_back, {**leases, "seconds": _LATER})


async def record(engine: AsyncEngine, made: Sequence[Attempted]) -> None:
    """Write what came of attempts at one subscription's webhooks."""
    rows = [_row(each) for each in made]
    parameters = {"rows": json.dumps(rows), "ids": [each.webhook.id for each in made], "most": webhooks.ATTEMPTS}
    async with engine.begin() as connection:
        await _count(connection, made)
        await connection.execute(statements.record, parameters)


def _row(each: Attempted) -> dict[str, Any]:
    again = each.verdict.state is State.FAILED
    return {
        "id": str(each.webhook.id),
        "lease": each.webhook.lease.isoformat(),
        "state": each.verdict.state.value,
        "response_status": each.answer.status,
        "error": each.verdict.error,
        "delay": each.verdict.delay if again else None,
        "published": again and _is_soon(each.verdict.delay),
    }


async def _count(connection: AsyncConnection, made: Sequence[Attempted]) -> None:
    """Note what the subscription has heard, where that changes anything."""
    states = [each.verdict.state for each in made]
    subscription, delivered, dead = made[0].webhook, State.DELIVERED in states, states.count(State.DEAD)
    if not dead and not (delivered and subscription.consecutive_failures):
        return
    rows = [{"id": str(subscription.subscription_id), "delivered": delivered, "dead": dead}]
    parameters = {"rows": json.dumps(rows), "most": webhooks.DISABLED_AFTER, "reason": webhooks.DISABLED_REASON}
    counted = (await connection.execute(statements.count_heard, parameters)).one()
    if counted.disabled:
        _log.warning("webhook.disabled", subscription=ids.encode(ids.SUBSCRIPTION, counted.id))


def _by_subscription(claimed: Iterable[Webhook]) -> Iterable[list[Webhook]]:
    groups: dict[UUID, list[Webhook]] = defaultdict(list)
    for each in claimed:
        groups[each.subscription_id].append(each)
    return groups.values()


def _soon(made: Iterable[Attempted]) -> dict[float, list[UUID]]:
    """Group what is tried again within the horizon, by the second; the rest is found by recovery."""
    groups: dict[float, list[UUID]] = defaultdict(list)
    for each in made:
        if each.verdict.state is State.FAILED and _is_soon(each.verdict.delay):
            groups[math.ceil(each.verdict.delay)].append(each.webhook.id)
    return groups


def _is_soon(delay: float) -> bool:
    return math.ceil(delay) <= settings.get().horizon_seconds
