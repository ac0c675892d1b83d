"""A wire to a server that can be cut, and mended: what is behind it stays as it is for everybody else."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import make_url

_HOST: Final = "127.0.0.1"
_CHUNK: Final = 1 << 16


class Relay:
    """Passes everything on, in a thread of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        self._run(self._listen())

    def cut(self) -> None:
        """Cut all connections, and refuse new ones."""
        self._run(self._cut())

    def hang(self) -> None:
        """Let nothing through any more; who connects is answered by nobody."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def mend(self) -> None:
        """Pass everything on again."""
        self._loop.call_soon_threadsafe(self._flowing.set)
        self._run(self._listen())

    def close(self) -> None:
        """Take the wire away."""
        self._run(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self) -> None:
        if not self._listens():
            self._server = await asyncio.start_server(self._carry, _HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def _listens(self) -> bool:
        server = getattr(self, "_server", None)
        return server is not None and server.is_serving()

    async def _cut(self) -> None:
        self._server.close()
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(*self._upstream)
            ends.append(back)
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._pump(reader, back))
                ways.create_task(self._pump(there, writer))
        for each in ends:
            each.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                await self._flowing.wait()
                target.write(data)
                await target.drain()
        target.transport.abort()


@contextmanager
def relay(url: str) -> Iterator[tuple[Relay, str]]:
    """Lay a wire to the server of a URL, and give it with the URL that leads through it."""
    there = make_url(url)
    laid = Relay(str(there.host), int(there.port or 0))
    try:
        yield laid, there.set(host=_HOST, port=laid.port).render_as_string(hide_password=False)
    finally:
        laid.close()
