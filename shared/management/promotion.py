"""Promotion: handing scheduled sends to the queue once they fall due within the horizon.

Until then they wait in Postgres, since no task may enter the broker to run later than that.
"""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from shared import ids, settings
from shared.db import clock
from shared.db.statements import among, schedule
from shared.domain.due import Due


def promote_due(connection: Connection, limit: int) -> list[Due]:
    """Promote up to ``limit`` sends, the earliest first. Of two that do so at once, each promotes others.

    Gives the deliveries to publish after the commit; none when nothing is left to promote.
    """
    parameters = {"horizon_seconds": settings.get().horizon_seconds, "limit": limit}
    return promote(connection, connection.execute(schedule.select_due, parameters).scalars().all())


def promote(connection: Connection, send_ids: Sequence[UUID]) -> list[Due]:
    """Promote those of some sends, which this transaction has made or locked, that fall due within the horizon."""
    if not send_ids:
        return []
    parameters = {**among(send_ids), "horizon_seconds": settings.get().horizon_seconds}
    promoted = connection.execute(schedule.mark_promoted, parameters).all()
    return _open(connection, promoted) if promoted else []


def _open(connection: Connection, sends: Sequence[Row[Any]]) -> list[Due]:
    send_ids = [send.id for send in sends]
    candidates = [identifier for send in sends for identifier in ids.deliveries_of(send.id, send.deliveries)]
    parameters = {**among(candidates), "send_ids": send_ids, "first_send": min(send_ids)}
    return _due(connection.execute(schedule.open_first_tiers, parameters).all())


def promote_deferred(connection: Connection, limit: int) -> list[Due]:
    """Promote up to ``limit`` deliveries that were put off beyond the horizon; otherwise as :func:`promote_due`."""
    parameters = {"horizon_seconds": settings.get().horizon_seconds, "limit": limit}
    return _due(connection.execute(schedule.promote_deferred, parameters).all())


def _due(rows: Sequence[Row[Any]]) -> list[Due]:
    """Reckon from now; what is overdue is due now, so that it is published together."""
    now = time.monotonic()
    if rows:
        clock.note(rows[0].now)
    return [Due(id=row.id, queue=row.queue, at=now + max(0.0, float(row.seconds))) for row in rows]
