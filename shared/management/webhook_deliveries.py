"""Webhooks to customers as they stand, and posting them again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from shared.db.tables import webhook_deliveries as table
from shared.db.tables import webhook_subscriptions as subscriptions
from shared.domain.webhooks import State
from shared.management import search
from shared.management.errors import NotFound, TooLate

MOST_REPLAYED: Final = 1000
"""Webhooks that one request replays (contract, Kirim 2.8)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """One event for one subscription."""

    id: UUID
    subscription_id: UUID
    event_id: str
    event_type: str
    source: str
    state: str
    attempts: int
    """Since it was made, or replayed."""
    next_attempt_at: datetime | None
    response_status: int | None
    error: str | None
    """Why the last attempt failed."""
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the webhooks must have in common; ``None`` asks nothing."""

    subscription_id: UUID | None = None
    state: State | None = None
    event_type: str | None = None
    created_after: datetime | None = None
    """Made at this moment or later; the moments of ids count, in whole milliseconds."""
    created_before: datetime | None = None
    """Made before this moment."""


_COLUMNS: Final = tuple(table.c[field.name] for field in fields(Webhook))
_JOINED: Final = table.join(subscriptions, subscriptions.c.id == table.c.subscription_id)


def page(connection: Connection, account_id: UUID, filters: Filters, limit: int, before_id: UUID | None = None) -> list[Webhook]:
    """List an account's webhooks, the newest first, those with ids below ``before_id`` where one is given."""
    statement = _matching(account_id, filters, before_id).order_by(table.c.id.desc()).limit(limit)
    return [Webhook(**row._mapping) for row in connection.execute(statement)]


def load(connection: Connection, account_id: UUID, identifier: UUID) -> Webhook:
    """Read a webhook. Raises :class:`NotFound`."""
    row = connection.execute(_of(account_id).where(table.c.id == identifier)).one_or_none()
    if row is None:
        raise NotFound("there is no such webhook delivery")
    return Webhook(**row._mapping)


def replay(connection: Connection, account_id: UUID, identifier: UUID) -> Webhook:
    """Let a webhook be posted again, its attempts counted anew. The caller publishes it after the commit.

    Raises:
        NotFound: There is no such webhook.
        TooLate: Its subscription is disabled.
    """
    _require_active(connection, account_id, load(connection, account_id, identifier).subscription_id)
    _renew(connection, [identifier])
    return load(connection, account_id, identifier)


def replay_all(connection: Connection, account_id: UUID, filters: Filters) -> tuple[list[UUID], bool]:
    """Likewise for those of one subscription that match, the oldest first; the second value tells that there are more.

    Raises:
        NotFound: There is no such subscription.
        TooLate: It is disabled.
    """
    _require_active(connection, account_id, filters.subscription_id)
    chosen = _matching(account_id, filters, None).with_only_columns(table.c.id).order_by(table.c.id).limit(MOST_REPLAYED + 1)
    found = connection.execute(chosen.with_for_update(key_share=True, of=table, skip_locked=True)).scalars().all()
    replayed = found[:MOST_REPLAYED]
    _renew(connection, replayed)
    return list(replayed), len(found) > MOST_REPLAYED


def _of(account_id: UUID) -> Select[Any]:
    of_account = (table.c.account_id == account_id, subscriptions.c.deleted_at.is_(None))
    return select(*_COLUMNS).select_from(_JOINED).where(*of_account)


def _matching(account_id: UUID, filters: Filters, before_id: UUID | None) -> Select[Any]:
    return _of(account_id).where(*_conditions(filters, before_id))


def _conditions(filters: Filters, before_id: UUID | None) -> Iterator[ColumnElement[bool]]:
    times = search.Filters(created_after=filters.created_after, created_before=filters.created_before)
    yield from search.bounds(table.c.id, times, before_id)
    if filters.subscription_id is not None:
        yield table.c.subscription_id == filters.subscription_id
    if filters.state is not None:
        yield table.c.state == filters.state.value
    if filters.event_type is not None:
        yield table.c.event_type == filters.event_type


def _require_active(connection: Connection, account_id: UUID, subscription_id: UUID | None) -> None:
    condition = (subscriptions.c.id == subscription_id, subscriptions.c.account_id == account_id)
    statement = select(subscriptions.c.status).where(*condition, subscriptions.c.deleted_at.is_(None))
    status = connection.execute(statement).scalar_one_or_none()
    if status is None:
        raise NotFound("there is no such webhook subscription")
    if status != "active":
        raise TooLate("the webhook subscription is disabled: activate it first")


def _renew(connection: Connection, identifiers: Sequence[UUID]) -> None:
    ended = {"response_status": None, "error": None, "ended_at": None}
    due = {"state": State.PENDING.value, "attempts": 0, "next_attempt_at": func.now(), "published_at": func.now()}
    connection.execute(update(table).where(table.c.id.in_(identifiers)).values(**due, **ended))
