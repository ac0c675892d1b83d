"""Subscriptions whose webhooks nobody hears, or no worker posts: beyond a number that waits, no more are written for them.

Who writes webhooks looks after that himself now and then, since the worker that would post them, and that recovers, may be gone.
Recovery looks too, and lets them be written again once enough are posted.
"""

import asyncio
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, settings
from shared.db.statements import webhooks as statements
from shared.domain import backlog
from shared.domain.webhooks import CROWDED_REASON
from worker.runtime import patience

_log: Final = structlog.get_logger("webhooks")


async def mark(engine: AsyncEngine) -> None:
    """Let nothing more be written for subscriptions for which too many webhooks wait, until a tenth of them is gone."""
    most = settings.get().most_unposted
    parameters = {"most": most, "enough": backlog.resumes_at(most), "reason": CROWDED_REASON}
    async with engine.begin() as connection:
        marked = (await connection.execute(statements.mark_crowded, parameters)).all()
    for each in marked:
        told = "webhook.crowded" if each.crowded else "webhook.not_crowded"
        _log.warning(told, subscription=ids.encode(ids.SUBSCRIPTION, each.id))


class Crowding:
    """One per process that writes webhooks, on its event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._next = 0.0
        self._looking: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Look soon, beside what is going on, unless that was done a moment ago: webhooks were written."""
        now = asyncio.get_running_loop().time()
        if now >= self._next and (self._looking is None or self._looking.done()):
            self._next = now + settings.get().recover_interval
            self._looking = asyncio.create_task(self._look())

    def close(self) -> None:
        """Look no more."""
        self._next = float("inf")
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self) -> None:
        try:
            await mark(self._engine)
        except patience.TROUBLE as error:
            _log.warning("webhook.not_counted", error=type(error).__name__)
