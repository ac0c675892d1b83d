"""The process's event loop and everything that lives on it."""

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared import settings
from shared.db import engine
from shared.db.lines import Lines
from shared.domain.channels import Channel
from worker import channels
from worker.pacing import Pacing
from worker.runtime.claimer import Claimer
from worker.runtime.holding import Holding
from worker.runtime.journal import Journal
from worker.runtime.publisher import Publisher
from worker.runtime.shutdown import InFlight, Stopping
from worker.runtime.wires import ProcessWires, open_wires
from worker.runtime.writer import Writer
from worker.webhooks.crowding import Crowding
from worker.webhooks.posting import Poster
from worker.webhooks.under_way import UnderWay

_HANDOVER_SECONDS: Final = 5.0
"""Seconds that the broker has to take what waits for its time; then recovery finds it."""
_FLUSH_SECONDS: Final = 5.0
"""Seconds that Postgres has to take the last outcomes; then they are left on disk."""
_POST_SECONDS: Final = 20.0
"""Seconds that webhooks to customers have to end: an attempt's, after its waits for a turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """What deliveries need of their process. Lives on the loop of :class:`Runtime`."""

    engine: AsyncEngine
    lines: Lines
    claimer: Claimer
    wires: ProcessWires
    pacing: Pacing
    publisher: Publisher
    writer: Writer
    holding: Holding
    stopping: Stopping
    in_flight: InFlight
    poster: Poster
    posts: UnderWay


class Runtime:
    """One asyncio loop in a thread of its own; the threads of Celery's pool hand it coroutines and wait."""

    def __init__(self) -> None:
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._thread.start()
        self.process: Final = self.run(_open())

    def run(self, coroutine: Coroutine[Any, Any, Any], seconds: float | None = None) -> Any:
        """Run a coroutine on the loop and give its result to the calling thread. Raises :class:`TimeoutError` after ``seconds``."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    def stop_waiting(self) -> None:
        """Let what only waits end: the process is to stop. Returns at once."""
        self._loop.call_soon_threadsafe(_stop_waiting, self.process)

    def close(self) -> None:
        """Write every outcome in hand, close the connections, stop the loop. The pool's tasks have ended."""
        self.run(_close(self.process))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    """Give uvloop's loop where there is one."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - not to be had on Windows.

    return uvloop.new_event_loop()


async def _open() -> Process:
    for channel in Channel:
        channels.adapter(channel)
    async_engine, publisher, stopping = engine.create_async(), Publisher(), Stopping()
    journal = Journal(settings.get().journal_dir)
    lines = Lines(async_engine)
    return Process(
        engine=async_engine,
        lines=lines,
        claimer=Claimer(lines),
        wires=open_wires(),
        pacing=Pacing(),
        publisher=publisher,
        writer=Writer(lines, Crowding(async_engine), publisher, journal, f"{socket.gethostname()}:{os.getpid()}"),
        holding=Holding(publisher, stopping),
        stopping=stopping,
        in_flight=InFlight(),
        poster=Poster(settings.get().egress_allow),
        posts=UnderWay(),
    )


def _stop_waiting(process: Process) -> None:
    process.stopping.set()
    process.writer.leave()


async def _close(process: Process) -> None:
    _stop_waiting(process)
    await process.holding.close(_HANDOVER_SECONDS)
    await process.posts.wait(_POST_SECONDS)
    await process.writer.close(_FLUSH_SECONDS)
    await process.publisher.close()
    await process.pacing.close()
    await process.poster.close()
    await process.wires.close()
    for channel in Channel:
        await channels.adapter(channel).close()
    await process.lines.close()
    await process.engine.dispose()
