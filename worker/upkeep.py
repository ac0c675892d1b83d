"""What keeps the database in shape.

Who changes partitions holds up the hot path, and therefore has little time. A default partition that has grown too large for that,
about 150 000 sends of one week, is left to ``antar migrate``, which takes as long as it needs.

Idempotency keys, at the rates antar is made for, are millions an hour, so that they are deleted every hour. Suppressions and tokens
that have expired stay: they are few, whoever reads them compares the time, and they tell an operator what once held.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from shared import settings
from shared.db import engine, partitions, retention, turns
from shared.db.partitions import Week
from shared.db.statements import receipts, statistics, upkeep
from shared.db.statements import webhooks as posted
from shared.management import files
from shared.management.campaigns import expiry

_Answer = TypeVar("_Answer")

_log: Final = structlog.get_logger("upkeep")

_BRIEFLY: Final = text("SELECT set_config('lock_timeout', '200ms', true), set_config('statement_timeout', '2s', true)")
"""While a lock is waited for or held, the hot path waits behind it: what cannot be had or done soon is given up."""

_ROWS: Final = 10_000
"""Rows deleted in one transaction."""
_BATCHES: Final = 1000
"""Transactions in one run: more idempotency keys than an hour brings."""

_WEBHOOK_SECONDS: Final = 86_400.0
"""Seconds that webhooks are kept: far beyond what a call may take, and people's addresses are in them."""
_POST_SECONDS: Final = 30 * 86_400.0
"""Seconds that webhooks to customers are kept (contract, Kirim 2.8)."""
_SUBSCRIPTION_SECONDS: Final = 3600.0
"""Seconds that a deleted subscription is kept: longer than any transaction that may be writing webhooks for it."""


def tend_partitions() -> None:
    """Make the partitions of the coming weeks, and drop the weeks that are kept no longer. What fails is left to the next time."""
    for week in _ask(lambda connection: partitions.lacking(connection, settings.get().partition_weeks_ahead)):
        _try("make", week, _make)
    for week in _ask(lambda connection: retention.ended(connection, settings.get().retention_days)):
        _try("retire", week, _retire)


def expire() -> None:
    """Delete what has expired: idempotency keys, webhooks, also those of customers, old counts and campaigns, and lost files."""
    keys = _in_batches(upkeep.expire_idempotency_keys)
    webhooks = _in_batches(receipts.expire, age_seconds=_WEBHOOK_SECONDS)
    posts = _in_batches(posted.expire, age_seconds=_POST_SECONDS) + _in_batches(posted.forget_deleted)
    _ask(lambda connection: connection.execute(posted.forget_subscriptions, {"age_seconds": _SUBSCRIPTION_SECONDS}))
    counts = _in_batches(statistics.expire, days=settings.get().statistics_days)
    campaigns = expiry.expire(engine.get(), settings.get().retention_days)
    swept = files.sweep(engine.get())
    told = {"idempotency_keys": keys, "webhooks": webhooks, "posts": posts, "counts": counts, "campaigns": campaigns}
    _log.info("upkeep.expired", **told, files=swept)


def _in_batches(statement: TextClause, **parameters: float) -> int:
    """Delete in transactions of bounded size and give how many rows it were; what is left is deleted in an hour."""
    deleted = 0
    for _ in range(_BATCHES):
        last = _ask(lambda connection: connection.execute(statement, {**parameters, "limit": _ROWS}).rowcount)
        deleted += last
        if last < _ROWS:
            break
    return deleted


def _ask(question: Callable[[Connection], _Answer]) -> _Answer:
    with engine.get().begin() as connection:
        return question(connection)


def _try(step: str, week: Week, change: Callable[[Connection, Week], str]) -> None:
    """Change a week's partitions in a transaction of their own, alone and in a hurry."""
    try:
        with engine.get().begin() as connection:
            turns.take(connection)
            connection.execute(_BRIEFLY)
            event = change(connection, week)
    except DBAPIError as error:
        _log.warning("upkeep.put_off", step=step, week=str(week), error=type(error.orig).__name__)
    else:
        _log.info(event, week=str(week))


def _make(connection: Connection, week: Week) -> str:
    partitions.make(connection, week)
    return "upkeep.made"


def _retire(connection: Connection, week: Week) -> str:
    return "upkeep.retired" if retention.retire(connection, week) else "upkeep.kept_with_unfinished_sends"
