"""The quarantine: deliveries that our own code failed at, sending them once it is mended, or leaving them as they ended."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, delete, func, select, tuple_, update

from shared import ids
from shared.db.statements import among, settlement
from shared.db.tables import deliveries as delivery_table
from shared.db.tables import quarantine, sends
from shared.domain import replay as rules
from shared.domain.cascade import Member
from shared.domain.due import Due
from shared.domain.outcome import Code
from shared.domain.states import DeliveryState, SendState
from shared.management import deliveries
from shared.management.deliveries import Locked
from shared.management.errors import NotFound, TooLate

_AFTER_THE_CALL: Final = frozenset({"call", "record"})
"""The steps at which a message may have left."""

_COLUMNS: Final = (
    quarantine,
    delivery_table.c.channel,
    delivery_table.c.state.label("delivery_state"),
    sends.c.state.label("send_state"),
)
_FOUND: Final = (
    select(*_COLUMNS)
    .outerjoin(delivery_table, delivery_table.c.id == quarantine.c.delivery_id)
    .outerjoin(sends, sends.c.id == quarantine.c.send_id)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What our own code did wrong with a delivery."""

    delivery_id: UUID
    send_id: UUID
    account_id: UUID
    step: str
    """Where: ``claim`` or ``prepare``, before anything left; ``call``; or ``record``, with the outcome known."""
    error: str
    """The kinds of the error and of its causes, the last first: ``KeyError from ValueError``."""
    trace: str
    """The lines of code that led to it, without the values."""
    at: datetime
    replayed_at: datetime | None
    channel: str | None
    """This and the states are ``None`` once the send is gone."""
    delivery_state: str | None
    send_state: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the entries must have in common."""

    error: str | None = None
    """The kind of the error, whatever it was raised from; ``None`` asks nothing."""
    replayed: bool = False
    """Whether those that were replayed count too."""


def every(connection: Connection, filters: Filters, limit: int, before: UUID | None = None) -> list[Entry]:
    """Give at most ``limit`` entries, the newest first: those older than ``before``'s where that is given.

    Raises :class:`NotFound` when ``before`` is not in quarantine.
    """
    statement = _matching(_FOUND, filters).order_by(quarantine.c.at.desc(), quarantine.c.delivery_id.desc()).limit(limit)
    if before is not None:
        last = find(connection, before)
        statement = statement.where(tuple_(quarantine.c.at, quarantine.c.delivery_id) < (last.at, last.delivery_id))
    return [Entry(**row._mapping) for row in connection.execute(statement)]


def replayable(connection: Connection, filters: Filters) -> list[UUID]:
    """Name the deliveries of all matching entries, those that failed first at the front."""
    statement = _matching(select(quarantine.c.delivery_id), filters)
    return list(connection.execute(statement.order_by(quarantine.c.at, quarantine.c.delivery_id)).scalars())


def find(connection: Connection, delivery_id: UUID) -> Entry:
    """Find the entry of a delivery. Raises :class:`NotFound`."""
    row = connection.execute(_FOUND.where(quarantine.c.delivery_id == delivery_id)).one_or_none()
    if row is None:
        raise NotFound("the delivery is not in quarantine")
    return Entry(**row._mapping)


def replay(connection: Connection, delivery_id: UUID, actor: str, *, even_if_sent: bool = False) -> Due:
    """Put a delivery back into the queue, and let its send run again. Gives what to publish after the commit.

    ``even_if_sent`` takes the risk that its recipient gets it twice. Raises :class:`NotFound`, and :class:`TooLate` when it must
    not be sent any more, or may have been.
    """
    locked = deliveries.lock(connection, delivery_id)
    entry = find(connection, delivery_id)
    _require_replayable(entry, locked, _members(connection, locked), even_if_sent=even_if_sent)
    running = {"id": str(locked.send.id), "state": SendState.RUNNING, "tier": locked.tier, "former": locked.send.state}
    connection.execute(settlement.advance_sends, {"rows": json.dumps([running]), **among([locked.send.id])})
    connection.execute(update(quarantine).where(quarantine.c.delivery_id == delivery_id).values(replayed_at=func.now()))
    return deliveries.requeue(connection, locked, "replayed", f"by {actor}{', even if it was sent' if even_if_sent else ''}")


def dismiss(connection: Connection, delivery_id: UUID, actor: str) -> None:
    """Take a delivery out of quarantine as it ended: it is not to be sent any more. The timeline keeps who said so.

    Raises :class:`NotFound`.
    """
    locked = deliveries.lock(connection, delivery_id)
    entry = find(connection, delivery_id)
    connection.execute(delete(quarantine).where(quarantine.c.delivery_id == delivery_id))
    deliveries.note(connection, locked, "dismissed", f"by {actor}: {entry.error} in step {entry.step}")


def _matching(statement: Select[Any], filters: Filters) -> Select[Any]:
    if filters.error is not None:
        statement = statement.where(func.split_part(quarantine.c.error, " from ", 1) == filters.error)
    return statement if filters.replayed else statement.where(quarantine.c.replayed_at.is_(None))


def _require_replayable(entry: Entry, locked: Locked, members: Sequence[Member], *, even_if_sent: bool) -> None:
    if entry.replayed_at is not None:
        raise TooLate("the delivery was replayed already")
    maybe_sent = not even_if_sent and (locked.state is DeliveryState.UNKNOWN or entry.step in _AFTER_THE_CALL)
    reason = rules.refusal(locked.id, members, expired=deliveries.is_expired(locked.send), maybe_sent=maybe_sent)
    if reason is not None:
        raise TooLate(reason)


def _members(connection: Connection, locked: Locked) -> list[Member]:
    rows = connection.execute(settlement.select_members, among(ids.deliveries_of(locked.send.id, locked.send.deliveries)))
    return [
        Member(id=row.id, tier=row.tier, state=DeliveryState(row.state), held=row.held, expired=row.code == Code.EXPIRED)
        for row in rows
    ]
