"""Whose turn it is to post: so many to one subscription at a time, so that a slow receiver keeps nobody else waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

_OF_ONE: Final = 10
"""Posts to one subscription at a time."""
_WAITING: Final = 200
"""Webhooks of one subscription that wait for their turn in one process; the others wait in Postgres."""
_OF_ALL: Final = 500
"""Posts at a time: connections that a process has open."""
_PATIENCE: Final = 5.0
"""Seconds to wait for a turn."""


@dataclass(slots=True)
class _Line:
    """The webhooks of one subscription in this process."""

    posting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_OF_ONE))
    present: int = 0
    """Those that are being posted, and those that wait for it."""


class Turns:
    """The lines of all subscriptions. Lives on the event loop."""

    def __init__(self) -> None:
        self._lines: dict[UUID, _Line] = {}
        self._all = asyncio.Semaphore(_OF_ALL)

    @asynccontextmanager
    async def take(self, subscription_id: UUID) -> AsyncIterator[bool]:
        """Wait for a turn and hold it; ``False`` when there is none to be had soon."""
        line = self._lines.setdefault(subscription_id, _Line())
        line.present += 1
        try:
            async with (
                _turn(line.posting, full=line.present > _OF_ONE + _WAITING) as first,
                _turn(self._all, full=not first) as both,
            ):
                yield both
        finally:
            line.present -= 1
            if not line.present:
                del self._lines[subscription_id]


@asynccontextmanager
async def _turn(places: asyncio.Semaphore, *, full: bool) -> AsyncIterator[bool]:
    taken = not full and await _acquire(places)
    try:
        yield taken
    finally:
        if taken:
            places.release()


async def _acquire(places: asyncio.Semaphore) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await places.acquire()
    except TimeoutError:
        return False
