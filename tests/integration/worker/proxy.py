"""A wire to a server that breaks where it hurts most: after a commit, before its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_COMMIT = b"COMMIT"


@dataclass
class Wire:
    """Passes everything on, until it is told to lose one answer."""

    host: str
    port: int
    own_port: int = 0
    lose_next_commit: bool = False
    lost: int = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(self.host, self.port)
        breaking = asyncio.Event()
        answers = asyncio.create_task(self._answer(upstream_reader, writer, breaking))
        while data := await reader.read(1 << 16):
            if self.lose_next_commit and _COMMIT in data:
                self.lose_next_commit = False
                breaking.set()
            upstream_writer.write(data)
            await upstream_writer.drain()
        upstream_writer.close()
        await answers

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, breaking: asyncio.Event) -> None:
        while data := await reader.read(1 << 16):
            if breaking.is_set():
                self.lost += 1
                break
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def wire(host: str, port: int) -> AsyncIterator[Wire]:
    """Give a wire to a server, at ``own_port`` of the loopback interface."""
    laid = Wire(host, port)
    server = await asyncio.start_server(laid.carry, "127.0.0.1", 0)
    laid.own_port = server.sockets[0].getsockname()[1]
    async with server:
        yield laid
