"""A client that costs little: one request after the other on a connection of its own, without a library in between."""

import asyncio
from typing import Final, cast

from deploy.local import ports
from tests.bench import http

Answer = http.Message

_UNUSED: Final = "the connection is used by one request at a time"


class Connection(asyncio.Protocol):
    """A connection that is kept alive."""

    def __init__(self) -> None:
        self._reader = http.Reader()
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand over the answer when it is whole."""
        for answer in self._reader.feed(data):
            assert self._answer is not None, _UNUSED
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request that is under way."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed before the answer"))

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and give its answer. Raises :class:`OSError` when the connection is lost."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


async def connect(port: int) -> Connection:
    """Connect to a server on this machine."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, ports.HOST, port)
    return connection
