"""Promoting what waits in Postgres to the queue, as it falls due within the horizon."""

from collections.abc import Sequence
from typing import Final

import structlog

from shared import queues
from shared.db import engine
from shared.domain.due import Due
from shared.management import promotion

_log: Final = structlog.get_logger("schedule")
_LIMIT: Final = 1000
"""Sends, and deliveries, promoted in one transaction."""


def promote() -> None:
    """Promote all that falls due within the horizon: scheduled sends, and deliveries that were put off beyond it."""
    while due := _commit():
        _publish(due)


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
