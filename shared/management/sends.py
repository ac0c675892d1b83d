"""Sends as they stand: one by its id, or many by what is known of them.

The deliveries of a send are found by their ids, which lie between its own and the next: the primary key and the bounds of the
partitions do all the work, and no other index is needed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, Row, Uuid, any_, bindparam, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from shared import ids
from shared.db import hot
from shared.db.statements import among
from shared.db.tables import attempts, deliveries, events, sends
from shared.domain import confirmation
from shared.domain.channels import Channel
from shared.domain.send import AttemptView, DeliveryView, SendView
from shared.domain.states import DeliveryState, SendState
from shared.domain.timeline import Event, History

SEND_COLUMNS: Final[tuple[Column[Any], ...]] = (
    sends.c.id,
    sends.c.account_id,
    sends.c.dialect,
    sends.c.state,
    sends.c.tier,
    sends.c.created_at,
    sends.c.schedule_at,
    sends.c.expires_at,
    sends.c.ended_at,
    sends.c.until,
)
_DELIVERY_NAMES: Final = tuple(field.name for field in fields(DeliveryView))
DELIVERY_COLUMNS: Final = tuple(deliveries.c[name] for name in _DELIVERY_NAMES)
_ATTEMPT_NAMES: Final = tuple(field.name for field in fields(AttemptView))

_IDS: Final = bindparam("ids", type_=ARRAY(Uuid))
_FIRST: Final = bindparam("first", type_=Uuid)
_LAST: Final = bindparam("last", type_=Uuid)

_LOAD: Final = (
    select(*SEND_COLUMNS, *DELIVERY_COLUMNS)
    .outerjoin(deliveries, deliveries.c.id.between(_FIRST, _LAST))
    .where(sends.c.id == bindparam("send_id", type_=Uuid))
    .order_by(deliveries.c.tier, deliveries.c.id)
)
"""A send with its deliveries. By bounds and not by a list: those of a list choose no partition once the plan is a generic one."""

_LOAD_OF_ACCOUNT: Final = _LOAD.where(sends.c.account_id == bindparam("account_id", type_=Uuid))

_SEND: Final = select(*SEND_COLUMNS).where(sends.c.id == deliveries.c.send_id).offset(literal_column("0")).lateral()
_MANY: Final = (
    select(*_SEND.c, *DELIVERY_COLUMNS)
    .select_from(deliveries.join(_SEND, true()))
    .where(deliveries.c.id == any_(_IDS), deliveries.c.id.between(_FIRST, _LAST))
    .order_by(deliveries.c.tier, deliveries.c.id)
)
"""Sends with their deliveries, which are those that are named. The send of each is looked up by its id: a plan that joined them in
the other order would read every delivery for every send."""

_DELIVERIES: Final = (
    select(deliveries.c.send_id, *DELIVERY_COLUMNS)
    .where(deliveries.c.id == any_(_IDS), deliveries.c.id.between(_FIRST, _LAST))
    .order_by(deliveries.c.tier, deliveries.c.id)
)

_DELIVERIES_OF_ACCOUNT: Final = _DELIVERIES.where(deliveries.c.account_id == bindparam("account_id", type_=Uuid))

_ATTEMPTS: Final = (
    select(attempts.c.delivery_id, *(attempts.c[name] for name in _ATTEMPT_NAMES))
    .where(attempts.c.delivery_id == any_(_IDS), attempts.c.delivery_id.between(_FIRST, _LAST))
    .order_by(attempts.c.started_at)
)

_EVENTS: Final = (
    select(events.c.at, events.c.kind, events.c.delivery_id, events.c.data)
    .where(events.c.send_id == bindparam("send_id", type_=Uuid))
    .order_by(events.c.at, events.c.id)
)


def load(connection: Connection, send_id: UUID, account_id: UUID | None = None) -> SendView | None:
    """Read a send in one statement; ``None`` when there is none, or it is not the account's that is given."""
    parameters = {"send_id": send_id, "first": send_id, "last": ids.delivery_of(send_id, ids.MAX_DELIVERIES)}
    if account_id is None:
        rows = connection.execute(_LOAD, parameters).all()
    else:
        rows = connection.execute(_LOAD_OF_ACCOUNT, {**parameters, "account_id": account_id}).all()
    return _joined_view(rows) if rows else None


def load_many(connection: Connection, sizes: Mapping[UUID, int]) -> dict[UUID, SendView]:
    """Read many sends at once, given how many deliveries each has; one that does not exist is left out."""
    return _views(connection.execute(_MANY, _of(sizes))) if sizes else {}


def read_many(engine: Engine, sizes: Mapping[UUID, int]) -> dict[UUID, SendView]:
    """Do as :func:`load_many` on the hot path, where nothing else is read with them. There must be at least one."""
    return _views(hot.read(engine, _MANY, _of(sizes)))


def _of(sizes: Mapping[UUID, int]) -> dict[str, Any]:
    """Give the parameters of :data:`_MANY`."""
    return among([identifier for send_id, size in sizes.items() for identifier in ids.deliveries_of(send_id, size)])


def _views(rows: Iterable[Sequence[Any]]) -> dict[UUID, SendView]:
    rows_of: dict[UUID, list[Sequence[Any]]] = defaultdict(list)
    for row in rows:
        rows_of[row[0]].append(row)
    return {send_id: _joined_view(each) for send_id, each in rows_of.items()}


def load_history(connection: Connection, send_id: UUID, account_id: UUID | None = None) -> History | None:
    """Read a send with its attempts and events; ``None`` as :func:`load`."""
    send = load(connection, send_id, account_id)
    if send is None:
        return None
    made = load_attempts(connection, [delivery.id for delivery in send.deliveries])
    return History(send=send, attempts=made, events=load_events(connection, send_id))


def load_deliveries(connection: Connection, account_id: UUID, delivery_ids: Sequence[UUID]) -> dict[UUID, list[DeliveryView]]:
    """Read deliveries of an account by their sends, each send's in the order of tiers, then of the request."""
    if not delivery_ids:
        return defaultdict(list)
    return _by_send(connection.execute(_DELIVERIES_OF_ACCOUNT, {"account_id": account_id, **among(delivery_ids)}))


def _by_send(rows: Iterable[Row[Any]]) -> dict[UUID, list[DeliveryView]]:
    """Group deliveries whose rows begin with their send; a send without any has an empty list."""
    found: dict[UUID, list[DeliveryView]] = defaultdict(list)
    for row in rows:
        found[row.send_id].append(delivery_view(row[1:]))
    return found


def load_attempts(connection: Connection, delivery_ids: Sequence[UUID]) -> dict[UUID, tuple[AttemptView, ...]]:
    """Read the attempts at deliveries, in the order of time; a delivery without any is left out."""
    found: dict[UUID, tuple[AttemptView, ...]] = {}
    if delivery_ids:
        for row in connection.execute(_ATTEMPTS, among(delivery_ids)):
            attempt = AttemptView(**dict(zip(_ATTEMPT_NAMES, row[1:], strict=True)))
            found[row.delivery_id] = (*found.get(row.delivery_id, ()), attempt)
    return found


def load_events(connection: Connection, send_id: UUID) -> tuple[Event, ...]:
    """Read the events of a send, in the order of time."""
    rows = connection.execute(_EVENTS, {"send_id": send_id})
    return tuple(Event(at=row.at, kind=row.kind, delivery_id=row.delivery_id, data=row.data or {}) for row in rows)


def _joined_view(rows: Sequence[Sequence[Any]]) -> SendView:
    """Make a view of the rows of one send, each with one delivery, or of one row without any."""
    width = len(SEND_COLUMNS)
    return send_view(rows[0], [delivery_view(row[width:]) for row in rows if row[width] is not None])


def send_view(row: Sequence[Any], of_send: Iterable[DeliveryView]) -> SendView:
    """Make a view of a row that begins with :data:`SEND_COLUMNS`, and of the send's deliveries."""
    identifier, account_id, dialect, state, tier, created_at, schedule_at, expires_at, ended_at, until = row[: len(SEND_COLUMNS)]
    return SendView(
        id=identifier,
        account_id=account_id,
        dialect=dialect,
        state=SendState(state),
        tier=tier,
        created_at=created_at,
        schedule=schedule_at,
        expires_at=expires_at,
        ended_at=ended_at,
        until=confirmation.read(until),
        deliveries=tuple(of_send),
    )


def delivery_view(values: Sequence[Any]) -> DeliveryView:
    """Make a view of the values of :data:`DELIVERY_COLUMNS`."""
    named = dict(zip(_DELIVERY_NAMES, values, strict=True))
    named["channel"] = Channel(named["channel"])
    named["state"] = DeliveryState(named["state"])
    return DeliveryView(**named)
