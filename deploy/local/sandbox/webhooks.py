"""Posting webhooks in the background: bounded, in order for each message, and silent when nobody receives them."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from deploy.local import files
from deploy.local.sandbox import events
from deploy.local.sandbox.events import Webhook
from deploy.local.sandbox.store import Message

_CAPACITY = 100_000
_POSTERS = 8
_TRIES = 3
_PAUSE = 0.2
_TIMEOUT = aiohttp.ClientTimeout(total=10)

Job = Callable[[], Sequence[Webhook]]
"""What to post, one after the other; made when its turn comes."""


Receivers = Callable[[Webhook], str | None]
"""Where a webhook goes; ``None`` where nobody wants it."""


def below(base_url: str) -> Receivers:
    """Give the receiver of all, which has a path for each provider."""
    return lambda webhook: f"{base_url.rstrip('/')}/{webhook.path}"


def listed(file: Path) -> Receivers:
    """Give the receivers that a file lists, as ``{"waba/<phone number id>": URL}``; it may come later and change."""
    return lambda webhook: files.read(file).get(f"{webhook.path}/{webhook.sender}")


class Poster:
    """Posts to those who receive. What it cannot deliver in a few tries is dropped and counted."""

    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers
        self._jobs: asyncio.Queue[Job] = asyncio.Queue(_CAPACITY)
        self._tasks: list[asyncio.Task[None]] = []
        self.posted = 0
        self.dropped = 0

    def put(self, job: Job) -> None:
        """Take on a job without waiting."""
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            self.dropped += 1

    def accepted(self, message: Message) -> None:
        """Let the receipts of an accepted message follow."""
        self.put(lambda: events.automatic_receipts(message))

    def count(self) -> dict[str, int]:
        """Say how many webhooks were posted and dropped, and how many jobs wait."""
        return {"posted": self.posted, "dropped": self.dropped, "waiting": self._jobs.qsize()}

    def start(self) -> None:
        """Begin to post."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(_POSTERS)]

    async def stop(self) -> None:
        """Stop at once; what waits is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                job = await self._jobs.get()
                for webhook in job():
                    await self._deliver(session, webhook)

    async def _deliver(self, session: aiohttp.ClientSession, webhook: Webhook) -> None:
        url = self._receivers(webhook)
        if url is None:
            return
        for attempt in range(_TRIES):
            if await self._post(session, url, webhook):
                self.posted += 1
                return
            await asyncio.sleep(_PAUSE * 2**attempt)
        self.dropped += 1

    async def _post(self, session: aiohttp.ClientSession, url: str, webhook: Webhook) -> bool:
        headers = {"Content-Type": "application/json", **webhook.headers}
        try:
            async with session.post(url, data=webhook.body, headers=headers) as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError):
            return False
