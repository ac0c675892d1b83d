"""The end of a process: what is not begun is not begun any more, and what is under way is counted."""

import asyncio
from collections.abc import Iterator, Sized
from contextlib import contextmanager


class Stopping:
    """Whether the process is to stop. Lives on the event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Let everything that only waits end its wait."""
        self._event.set()

    def __bool__(self) -> bool:
        """Whether it is to stop."""
        return self._event.is_set()

    async def sleep(self, seconds: float) -> bool:
        """Sleep; ``False`` when the process is to stop before the time is over."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return True
        return False

    async def wait(self) -> None:
        """Wait until the process is to stop."""
        await self._event.wait()


class InFlight:
    """How many deliveries are claimed by this process and not yet recorded."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def of(self, claims: Sized) -> Iterator[None]:
        """Count claims while they are worked on."""
        self.count += len(claims)
        try:
            yield
        finally:
            self.count -= len(claims)
