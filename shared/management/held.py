"""Held deliveries: nobody knows whether they were sent, and their key wants a person to decide.

Of two people who decide at once, one does, and the other is told that it is too late.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from shared.db.tables import deliveries as table
from shared.domain.due import Due
from shared.domain.send import DeliveryView
from shared.domain.states import DeliveryState
from shared.management import deliveries
from shared.management.deliveries import Locked
from shared.management.errors import TooLate
from shared.management.sends import DELIVERY_COLUMNS, delivery_view

_HELD: Final = select(table.c.send_id, table.c.account_id, *DELIVERY_COLUMNS).where(table.c.held).order_by(table.c.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A delivery that waits for a person."""

    send_id: UUID
    account_id: UUID
    delivery: DeliveryView


def every(connection: Connection, account_id: UUID | None, after: UUID | None, limit: int) -> list[Held]:
    """Give at most ``limit`` held deliveries, those of the oldest sends first, of an account and after an id where given."""
    statement = _HELD.limit(limit)
    if account_id is not None:
        statement = statement.where(table.c.account_id == account_id)
    if after is not None:
        statement = statement.where(table.c.id > after)
    rows = connection.execute(statement)
    return [Held(send_id=row.send_id, account_id=row.account_id, delivery=delivery_view(row[2:])) for row in rows]


def release(connection: Connection, delivery_id: UUID, account_id: UUID | None, actor: str) -> Due:
    """Have a held delivery tried again, at the risk that it is sent twice. Gives what to publish after the commit.

    Raises :class:`NotFound`, and :class:`TooLate` when it is not held any more or its send has expired.
    """
    locked = _lock(connection, delivery_id, account_id)
    if deliveries.is_expired(locked.send):
        raise TooLate("the send has expired; the delivery can be failed or confirmed")
    return deliveries.requeue(connection, locked, "held.released", f"by {actor}")


def fail(connection: Connection, delivery_id: UUID, account_id: UUID | None, actor: str) -> UUID:
    """Count a held delivery as not sent, so that the next tier opens. Gives the send that is to be settled after the commit.

    Raises :class:`NotFound`, and :class:`TooLate` when it is not held any more.
    """
    locked = _lock(connection, delivery_id, account_id)
    deliveries.change(connection, locked, state=DeliveryState.FAILED, ended_at=func.now())
    deliveries.note(connection, locked, "held.failed", f"by {actor}")
    return locked.send.id


def confirm(connection: Connection, delivery_id: UUID, account_id: UUID | None, actor: str) -> UUID:
    """Count a held delivery as sent: somebody knows that it arrived. Otherwise as :func:`fail`."""
    locked = _lock(connection, delivery_id, account_id)
    deliveries.change(connection, locked, state=DeliveryState.SENT, code=None, reason=None, ended_at=func.now())
    deliveries.note(connection, locked, "held.confirmed", f"by {actor}")
    return locked.send.id


def _lock(connection: Connection, delivery_id: UUID, account_id: UUID | None) -> Locked:
    locked = deliveries.lock(connection, delivery_id, account_id)
    if not locked.held:
        raise TooLate(f"the delivery is {locked.state} and not held")
    return locked
