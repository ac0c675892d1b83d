"""Keeping the counts right where deliveries that have ended become something else, and adding up what was counted."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.statements import among, statistics

_ROWS: Final = 5000
"""Changes added up in one transaction."""
_BATCHES: Final = 100
"""Transactions in one run: far more changes than come until the next one."""


@asynccontextmanager
async def recounted(connection: AsyncConnection, delivery_ids: Sequence[UUID]) -> AsyncIterator[None]:
    """Take locked deliveries out of the counts while they are changed, and count them as what they are then."""
    if delivery_ids:
        await connection.execute(statistics.recount, {**among(delivery_ids), "number": -1})
    yield
    if delivery_ids:
        await connection.execute(statistics.recount, {**among(delivery_ids), "number": 1})


async def fold(engine: AsyncEngine) -> None:
    """Add up what was counted; whoever asks for counts finds the same before and after."""
    for statement in (statistics.fold_deliveries, statistics.fold_sends):
        await _fold(engine, statement)


async def _fold(engine: AsyncEngine, statement: TextClause) -> None:
    for _ in range(_BATCHES):
        async with engine.begin() as connection:
            taken: int = (await connection.execute(statement, {"limit": _ROWS})).scalar_one()
        if taken < _ROWS:
            return
