"""Lines to Postgres for an event loop, and what they know of its partitions."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from psycopg.pq import TransactionStatus
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import engine as engines
from shared.db import partitions
from shared.db.hot import Line

_KEPT: Final = 2
"""Lines that are kept: one that claims, and one that writes outcomes."""
_WEEKS_LAST: Final = 60.0
"""Seconds for which it is known which weeks have partitions."""


class Lines:
    """The lines of an event loop: connections of an engine's pool, of which some are kept from one transaction to the next.

    To take a connection out of the pool and to put it back costs as much as a statement.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept: list[_Taken] = []
        self._weeks: Mapping[int, str] = {}
        self._looks_at = 0.0

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """Take a line. Raises what SQLAlchemy raises when there is none."""
        taken = await self._take()
        try:
            await self._look(taken.driver)
            yield Line(taken.driver, self._weeks)
        except BaseException:
            await taken.give_back()
            raise
        if taken.is_idle and len(self._kept) < _KEPT:
            self._kept.append(taken)
        else:
            await taken.give_back()

    async def close(self) -> None:
        """Give back those that are kept. None may be in use."""
        while self._kept:
            await self._kept.pop().give_back()

    async def _look(self, driver: Any) -> None:
        """Learn now and then which weeks have partitions. One that has gone since is none that anybody asks for."""
        if time.monotonic() < self._looks_at:
            return
        line = Line(driver)
        (names,) = await line.ask_and_commit((partitions.ATTACHED, {}))
        self._weeks = partitions.whole(names.scalars())
        self._looks_at = time.monotonic() + _WEEKS_LAST

    async def _take(self) -> "_Taken":
        """Take the one used last, unless the server has ended it since."""
        while self._kept:
            taken = self._kept.pop()
            if not engines.is_lost(taken.driver):
                return taken
            await taken.give_back()
        connection = await self._engine.connect()
        return _Taken(connection, (await connection.get_raw_connection()).driver_connection)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A connection out of the pool."""

    connection: AsyncConnection
    driver: Any

    @property
    def is_idle(self) -> bool:
        """Whether it is in no transaction, and can be used for the next."""
        return bool(self.driver.pgconn.transaction_status == TransactionStatus.IDLE)

    async def give_back(self) -> None:
        """Give it back to its pool, which ends its transaction; one that is lost is replaced there."""
        await asyncio.shield(asyncio.create_task(self._close()))

    async def _close(self) -> None:
        if engines.is_lost(self.driver):
            await self.connection.invalidate()
        await self.connection.close()
