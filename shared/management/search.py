"""Finding an account's sends by state, channel, time and recipient, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, and_, any_, bindparam, literal, or_, select, true

from shared import ids
from shared.db import partitions
from shared.db.tables import deliveries, sends
from shared.domain import targets
from shared.domain.channels import Channel
from shared.domain.send import SendView
from shared.domain.states import SendState
from shared.management.sends import SEND_COLUMNS, load_deliveries, send_view

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the sends must have in common; ``None`` asks nothing."""

    state: SendState | None = None
    channel: Channel | None = None
    created_after: datetime | None = None
    """Accepted at this moment or later; the moments of ids count, in whole milliseconds."""
    created_before: datetime | None = None
    """Accepted before this moment."""
    recipient: str | None = None
    """One of their deliveries, on ``channel`` where that is given, goes to this address, in any of its spellings."""


def search(connection: Connection, account_id: UUID, filters: Filters, limit: int, before_id: UUID | None = None) -> list[SendView]:
    """Find at most ``limit`` sends, those with ids below ``before_id`` where one is given."""
    columns = (*SEND_COLUMNS, sends.c.channels)
    rows = connection.execute(_matching(account_id, filters, before_id, *columns).limit(limit)).all()
    members = [identifier for row in rows for identifier in ids.deliveries_of(row.id, len(row.channels))]
    found = load_deliveries(connection, account_id, members)
    return [send_view(row, found[row.id]) for row in rows]


def _matching(account_id: UUID, filters: Filters, before_id: UUID | None, *columns: Any) -> Select[Any]:
    statement = select(*columns).where(sends.c.account_id == account_id, *bounds(sends.c.id, filters, before_id))
    if filters.state is not None:
        statement = statement.where(sends.c.state == _written(filters.state))
    if filters.channel is not None:
        statement = statement.where(literal(filters.channel.value) == any_(sends.c.channels))
    if filters.recipient is None:
        return statement.order_by(sends.c.id.desc())
    return _among(statement, _sends_to(filters.recipient, account_id, filters, before_id))


def _among(statement: Select[Any], of_recipient: Select[UUID]) -> Select[Any]:
    """Look up each of a recipient's sends by its id: the account has many more, which no plan may choose to walk through."""
    named = of_recipient.distinct().order_by(deliveries.c.send_id.desc()).subquery()
    each = statement.where(sends.c.id == named.c.send_id).offset(0).lateral()
    return select(each).select_from(named.join(each, true())).order_by(each.c.id.desc())


def _written(state: SendState) -> BindParameter[str]:
    """Write a state into the statement: which index holds the sends that are in it is known only of a constant."""
    return bindparam(None, state.value, literal_execute=True)


def bounds(identifier: ColumnElement[UUID], filters: Filters, before_id: UUID | None) -> Iterator[ColumnElement[bool]]:
    """Turn times into bounds of ids, which hold for a send and its deliveries alike."""
    if filters.created_after is not None:
        yield identifier >= _first_id(filters.created_after)
    if filters.created_before is not None:
        yield identifier < _first_id(filters.created_before)
    if before_id is not None:
        yield identifier < before_id


def bounds_of_deliveries(filters: Filters, before_id: UUID | None) -> Iterator[ColumnElement[bool]]:
    """The same for deliveries that are found by their recipient: their ids choose the partitions, their sends' are in the index."""
    yield from bounds(deliveries.c.id, filters, before_id)
    yield from bounds(deliveries.c.send_id, filters, before_id)


def _first_id(moment: datetime) -> UUID:
    return partitions.first_id(max(moment, _EPOCH))


def _sends_to(recipient: str, account_id: UUID, filters: Filters, before_id: UUID | None) -> Select[UUID]:
    statement = select(deliveries.c.send_id).where(
        deliveries.c.account_id == account_id,
        _goes_to(recipient, filters.channel),
        *bounds_of_deliveries(filters, before_id),
    )
    return statement if filters.channel is None else statement.where(deliveries.c.channel == filters.channel.value)


def _goes_to(recipient: str, channel: Channel | None) -> ColumnElement[bool]:
    """Compare canonical forms; only a target that has none is compared as it was given."""
    channels = Channel if channel is None else (channel,)
    addresses = {address for each in channels if (address := targets.normalise(each, recipient)) is not None}
    as_given = and_(deliveries.c.address.is_(None), deliveries.c.target == recipient)
    return or_(deliveries.c.address.in_(sorted(addresses)), as_given) if addresses else as_given
