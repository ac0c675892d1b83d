"""Posts that are under way. No thread of the pool waits for them, or slow receivers would soon have all of its threads."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from worker import failing


class UnderWay:
    """One per process, on its event loop. What ends without a record is posted again: its lease runs out."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, posts: Coroutine[Any, Any, None]) -> None:
        """Let posts go their way."""
        task = asyncio.create_task(posts)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    async def wait(self, seconds: float) -> None:
        """Wait for what is under way; what is late is left to recovery."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            failing.tell("webhook.failed", {}, error)
