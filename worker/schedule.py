"""Promoting what waits in Postgres to the queue, as it falls due within the horizon."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from shared import queues
from shared.db import clock, engine
from shared.db.statements import confirmation as statements
from shared.domain.due import Due
from shared.management import promotion
from worker.deliver import awaiting

_log: Final = structlog.get_logger("schedule")
_LIMIT: Final = 1000
"""Sends, and deliveries, promoted in one transaction."""
_BATCHES: Final = 100
"""Transactions in one run: what falls due in the time to the next, at any rate that workers could keep up with."""
_PER_SECOND: Final = 10
"""Into how many moments a second is divided for what shares tasks."""


def promote() -> None:
    """Promote what falls due within the horizon: scheduled sends, and deliveries that were put off beyond it, the earliest first.

    What is due ahead of its time waits in the memory of workers, so that a run promotes no more than so much; the next goes on.
    The ends of the time in which deliveries are to be confirmed are published for the next runs' time too, again where they were.
    """
    for _ in range(_BATCHES):
        due = _commit()
        if not due:
            break
        _publish(due)
    _publish_confirmations()


def _commit() -> list[Due]:
    with engine.get().begin() as connection:
        return promotion.promote_due(connection, _LIMIT) + promotion.promote_deferred(connection, _LIMIT)


def _publish(due: Sequence[Due]) -> None:
    """Publish what was promoted; what the broker refuses is left to recovery."""
    try:
        queues.publish_due(due)
    except queues.BROKER_TROUBLE:
        _log.warning("schedule.broker_away", deliveries=len(due))
    else:
        _log.info("schedule.promoted", deliveries=len(due))


def _publish_confirmations() -> None:
    """Publish the deliveries whose time is over soon, those of about the same moment together."""
    groups: dict[float, list[UUID]] = defaultdict(list)
    for row in _awaited():
        groups[math.ceil(row.seconds * _PER_SECOND) / _PER_SECOND].append(row.id)
    try:
        for seconds, delivery_ids in groups.items():
            queues.publish_confirmations(delivery_ids, countdown=seconds)
    except queues.BROKER_TROUBLE:
        _log.warning("schedule.broker_away", deliveries=sum(map(len, groups.values())))


def _awaited() -> Sequence[Row[Any]]:
    with engine.get().connect() as connection:
        rows = connection.execute(statements.select_soon, {"seconds": awaiting.ahead()}).all()
    if rows:
        clock.note(rows[0].now)
    return rows
