"""The stand-in's side of a connection, and its server."""

import asyncio
import json
import signal
from dataclasses import asdict
from typing import Final, cast

from deploy.local import ports
from tests.bench import http
from tests.bench.provider import answers
from tests.bench.provider.answers import Answer
from tests.bench.provider.behaviour import BEHAVIOUR_PATH, COUNTS_PATH, Behaviour
from tests.bench.provider.desk import Desk

_BACKLOG: Final = 4096
_NOT_FOUND: Final = (404, b"{}")


class Caller(asyncio.Protocol):
    """One connection: calls that send, and its owner's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reader = http.Reader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        for request in self._reader.feed(data):
            channel = answers.channel_of(request.line)
            if channel is None:
                self._reply(self._answered(request))
            else:
                self._desk.take(channel, request.body, self._reply)

    def _answered(self, request: http.Message) -> Answer:
        method, path, _ = request.line.decode().split(" ")
        match method, path:
            case "GET", "/health":
                return 200, b"{}"
            case "GET", paths if paths == COUNTS_PATH:
                return 200, json.dumps(asdict(self._desk.counts())).encode()
            case "PUT", paths if paths == COUNTS_PATH:
                self._desk.count_anew()
                return 200, b"{}"
            case "PUT", paths if paths == BEHAVIOUR_PATH:
                self._desk.behave(Behaviour(**json.loads(request.body)))
                return 200, b"{}"
            case _:
                return _NOT_FOUND

    def _reply(self, answer: Answer) -> None:
        if not self._transport.is_closing():
            self._transport.write(http.answer(*answer))


async def serve(port: int) -> None:
    """Serve on this machine until the process is told to end."""
    desk, loop, told = Desk(), asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    server = await loop.create_server(lambda: Caller(desk), ports.HOST, port, backlog=_BACKLOG)
    await told.wait()
    server.close()
