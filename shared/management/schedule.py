"""Cancelling and moving sends that wait for their time: possible until a worker claims one of their deliveries, and exact.

A send that runs can be cancelled while all it waits for is a receipt: what was sent stays sent, and nothing follows it.

A send is locked first, then changed in the same transaction. A claim that comes in between waits for the lock and then finds
what was done, so that nothing is sent of a send that was cancelled.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Uuid, any_, bindparam, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from shared import ids
from shared.db.statements import among, confirmation, schedule
from shared.db.tables import deliveries, events
from shared.domain.channels import Channel
from shared.domain.content import Message, parse_inline
from shared.domain.due import Due
from shared.domain.states import SendState
from shared.domain.times import rfc3339
from shared.management import promotion
from shared.management.errors import NotFound, TooLate

_CONTENTS: Final = select(deliveries.c.channel, deliveries.c.content).where(
    deliveries.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    deliveries.c.id.between(bindparam("first", type_=Uuid), bindparam("last", type_=Uuid)),
    deliveries.c.content.is_not(None),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A locked send as it stands."""

    id: UUID
    state: SendState
    schedule_at: datetime | None
    expires_at: datetime | None
    deliveries: int
    now: datetime
    """The database's time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to become of a send; ``None`` leaves it as it is."""

    schedule_at: datetime | None = None
    expires_at: datetime | None = None
    variables: Mapping[str, str] | None = None


def lock(connection: Connection, send_id: UUID, account_id: UUID | None = None) -> Standing:
    """Lock a send until the transaction ends. Raises :class:`NotFound`, also for a send that is not the given account's."""
    row = connection.execute(schedule.lock, {"send_id": send_id, "account_id": account_id}).one_or_none()
    if row is None:
        raise NotFound("there is no such send")
    return Standing(**{**row._mapping, "state": SendState(row.state)})


def messages(connection: Connection, standing: Standing) -> list[tuple[Channel, Message]]:
    """Read the messages that a send brings itself, with their channels."""
    found = connection.execute(_CONTENTS, among(ids.deliveries_of(standing.id, standing.deliveries)))
    parsed = ((Channel(row.channel), parse_inline(row.content)) for row in found)
    return [(channel, message) for channel, message in parsed if isinstance(message, Message)]


def require_waiting(standing: Standing) -> None:
    """Raise :class:`TooLate` unless the send still waits for its time."""
    if standing.state is not SendState.SCHEDULED:
        raise TooLate(f"the send is {standing.state} and can no longer be changed")


def cancel(connection: Connection, standing: Standing, actor: str) -> None:
    """Cancel a locked send; one that is cancelled stays as it is. Raises :class:`TooLate`."""
    if standing.state is SendState.CANCELLED:
        return
    theirs = among(ids.deliveries_of(standing.id, standing.deliveries))
    if not _only_awaits(connection, standing):
        require_waiting(standing)
    connection.execute(confirmation.stop, theirs)
    connection.execute(schedule.cancel_deliveries, theirs)
    connection.execute(schedule.cancel_send, {"send_id": standing.id})
    _note(connection, standing.id, "cancelled", f"by {actor}")


def _only_awaits(connection: Connection, standing: Standing) -> bool:
    """Tell whether a send that runs waits for nothing but a receipt."""
    if standing.state is not SendState.RUNNING:
        return False
    theirs = among(ids.deliveries_of(standing.id, standing.deliveries))
    return bool(connection.execute(schedule.only_awaits, theirs).scalar_one())


def move(connection: Connection, standing: Standing, change: Change, actor: str) -> list[Due]:
    """Change a locked send. Raises :class:`TooLate`. Gives the deliveries to publish after the commit."""
    require_waiting(standing)
    connection.execute(schedule.close_first_tier, among(ids.deliveries_of(standing.id, standing.deliveries)))
    values = {
        "send_id": standing.id,
        "schedule_at": change.schedule_at or standing.schedule_at,
        "expires_at": change.expires_at or standing.expires_at,
        "variables": None if change.variables is None else json.dumps(dict(change.variables)),
    }
    connection.execute(schedule.change_send, values)
    _note(connection, standing.id, "moved", f"{_words(standing, change)}, by {actor}")
    return promotion.promote(connection, [standing.id])


def _words(standing: Standing, change: Change) -> str:
    """Say what changed; variables are not quoted."""
    parts = (
        _moved("schedule", standing.schedule_at, change.schedule_at),
        _moved("expires_at", standing.expires_at, change.expires_at),
        None if change.variables is None else "new variables",
    )
    return ", ".join(part for part in parts if part)


def _moved(name: str, before: datetime | None, after: datetime | None) -> str | None:
    if after is None:
        return None
    return f"{name} {'none' if before is None else rfc3339(before)} -> {rfc3339(after)}"


def _note(connection: Connection, send_id: UUID, kind: str, reason: str) -> None:
    connection.execute(insert(events).values(send_id=send_id, id=ids.new(), kind=kind, data={"reason": reason}))
