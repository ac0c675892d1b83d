"""After a restore from a backup: keeping what may have been sent since from being sent a second time.

What the backup does not know has happened all the same. Whatever was open in it, and due by the time the database was lost, may
have left; whoever knows better, by the workers' logs or the provider, decides on it as on any delivery that is held.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared import ids
from shared.db.statements import among, restoring

REASON: Final = "the database was restored to an earlier state: it may have been sent since"
_SENDS: Final = 1000
"""Sends in one transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What was kept from being sent."""

    deliveries: int
    """Held, for a person to decide."""
    awaited: int
    """Sent before the backup; the receipts they waited for may be lost, and no next tier opens for want of them."""
    campaigns: tuple[UUID, ...]
    """Paused."""


def hold(engine: Engine, lost_at: datetime) -> Held:
    """Hold whatever may have been sent until ``lost_at``. No worker may run meanwhile; safe to run twice.

    Raises :class:`sqlalchemy.exc.DBAPIError`; what was held until then stays held.
    """
    with engine.begin() as connection:
        campaigns = connection.execute(restoring.pause_campaigns, {"lost_at": lost_at}).scalars().all()
        connection.execute(restoring.skip_numbers)
    deliveries = awaited = 0
    after: UUID | None = UUID(int=0)
    while after is not None:
        with engine.begin() as connection:
            after, held, unawaited = _hold_some(connection, after, lost_at)
        deliveries, awaited = deliveries + held, awaited + unawaited
    return Held(deliveries=deliveries, awaited=awaited, campaigns=tuple(campaigns))


def _hold_some(connection: Connection, after: UUID, lost_at: datetime) -> tuple[UUID | None, int, int]:
    """Hold what the next sends have; gives the last of them, ``None`` after all, and what was done."""
    sends = connection.execute(restoring.select_open, {"after": after, "lost_at": lost_at, "limit": _SENDS}).all()
    if not sends:
        return None, 0, 0
    send_ids = [send.id for send in sends]
    theirs = among([identifier for send in sends for identifier in ids.deliveries_of(send.id, send.deliveries)])
    parameters: dict[str, Any] = {**theirs, "send_ids": send_ids, "first_send": send_ids[0], "lost_at": lost_at, "reason": REASON}
    held = connection.execute(restoring.hold, parameters).scalar_one()
    unawaited = connection.execute(restoring.await_no_longer, {**theirs, "lost_at": lost_at}).scalar_one()
    return send_ids[-1], int(held), int(unawaited)
