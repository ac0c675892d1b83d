"""Messages of the Kirim dialect as they stand: one by its id, or a page of them, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from shared import ids
from shared.db.statements import among
from shared.db.tables import channel_keys, deliveries, sends
from shared.domain import targets
from shared.domain.channels import Channel
from shared.domain.messages import Message, Status
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState
from shared.management import search

DIALECT: Final = "kirim"
_BATCH: Final = 1000
"""Sends looked at in one step."""
_MOST_LOOKED_AT: Final = 5000
"""Sends looked at for one page: few of an account's may be messages, and fewer of the status that is asked for."""

_IDS: Final = bindparam("ids", type_=ARRAY(Uuid))
_FIRST: Final = bindparam("first", type_=Uuid)
_LAST: Final = bindparam("last", type_=Uuid)
_ACCOUNT: Final = bindparam("account_id", type_=Uuid)

_LOAD: Final[Select[Any]] = (
    select(
        deliveries.c.send_id.label("id"),
        deliveries.c.target.label("to"),
        deliveries.c.content["kind"].as_string().label("type"),
        channel_keys.c.sender,
        deliveries.c.state,
        deliveries.c.receipt,
        deliveries.c.provider_message_id,
        sends.c.request_id,
        deliveries.c.code,
        deliveries.c.reason,
        deliveries.c.detail,
    )
    .join(sends, sends.c.id == deliveries.c.send_id)
    .join(channel_keys, channel_keys.c.id == deliveries.c.key_id)
    .where(
        deliveries.c.id == any_(_IDS),
        deliveries.c.id.between(_FIRST, _LAST),
        deliveries.c.account_id == _ACCOUNT,
        sends.c.id.between(bindparam("first_send", type_=Uuid), _LAST),
        sends.c.dialect == DIALECT,
    )
    .order_by(deliveries.c.id.desc())
)
"""The messages among deliveries, the newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the messages must have in common; ``None`` asks nothing."""

    status: Status | None = None
    to: str | None = None
    """The recipient, in any spelling."""
    created_after: datetime | None = None
    """Accepted at this moment or later."""
    created_before: datetime | None = None
    """Accepted before this moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Messages, and where the next page begins. It may have fewer than were asked for, or none, and not be the last."""

    messages: tuple[Message, ...]
    next_before: UUID | None
    """The next page has ids below; ``None`` when there is none."""


def load(connection: Connection, account_id: UUID, send_id: UUID) -> Message | None:
    """Read a message; ``None`` when there is none, or it is another account's."""
    return next(iter(_load(connection, account_id, [send_id])), None)


def page(connection: Connection, account_id: UUID, filters: Filters, limit: int, before_id: UUID | None = None) -> Page:
    """Find at most ``limit`` messages, those with ids below ``before_id`` where one is given.

    A page ends early when it has looked at many sends without finding enough, so that no filter reads an account's whole history.
    """
    found: list[Message] = []
    looked_at, last = 0, before_id
    for size in chain([limit + 1], repeat(_BATCH)):
        candidates = list(connection.execute(_candidates(account_id, filters, last).limit(size)).scalars())
        found += [each for each in _load(connection, account_id, candidates) if filters.status in {None, each.status}]
        looked_at += len(candidates)
        if len(found) > limit:
            return Page(messages=tuple(found[:limit]), next_before=found[limit - 1].id)
        if len(candidates) < size:
            break
        last = candidates[-1]
        if looked_at >= _MOST_LOOKED_AT:
            return Page(messages=tuple(found), next_before=last)
    return Page(messages=tuple(found), next_before=None)


def _candidates(account_id: UUID, filters: Filters, before_id: UUID | None) -> Select[UUID]:
    """Walk the account's sends, or those to one recipient, from the newest on; dialects are told apart afterwards."""
    times = search.Filters(created_after=filters.created_after, created_before=filters.created_before)
    if filters.to is None:
        newest = select(sends.c.id).where(sends.c.account_id == account_id, *search.bounds(sends.c.id, times, before_id))
        return newest.order_by(sends.c.id.desc())
    address = targets.normalise(Channel.WABA, filters.to)
    to_one = select(deliveries.c.send_id).where(
        deliveries.c.account_id == account_id,
        deliveries.c.address == address,
        deliveries.c.channel == Channel.WABA.value,
        *search.bounds_of_deliveries(times, before_id),
    )
    return to_one.order_by(deliveries.c.send_id.desc())


def _load(connection: Connection, account_id: UUID, send_ids: Sequence[UUID]) -> list[Message]:
    if not send_ids:
        return []
    named = among([ids.delivery_of(send_id, 1) for send_id in send_ids])
    parameters = {**named, "first_send": min(send_ids), "account_id": account_id}
    return [_message(row) for row in connection.execute(_LOAD, parameters)]


def _message(row: Row[Any]) -> Message:
    receipt = None if row.receipt is None else Receipt(row.receipt)
    return Message(**{**row._mapping, "state": DeliveryState(row.state), "receipt": receipt})
