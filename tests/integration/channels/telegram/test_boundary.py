import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from shared.domain.outcome import Action, Code, NotSent, Outcome, Unknown
from tests.integration.channels.loopback import wired
from tests.integration.channels.telegram.bot_api import credentials, envelope, run, send
from worker.channels.base import Timeouts
from worker.channels.telegram.adapter import TelegramAdapter

SHORT = Timeouts(connect=0.3, read=0.3, write=0.3, pool=0.3)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """Serve bare connections; leave when the last of them has ended."""
    conversations: list[asyncio.Task[None]] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await handler(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.append(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*conversations)


async def _request(reader: asyncio.StreamReader) -> None:
    """Read one request whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    await reader.readexactly(length)


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def close(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await _request(reader)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def reset_in_the_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()


async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def through(handler: Handler) -> Outcome:
    async with listening(handler) as base_url:
        return await send(base_url, timeouts=SHORT)


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (hang, Code.ANSWER_TIMEOUT),
        (trickle, Code.ANSWER_TIMEOUT),
        (close, Code.CONNECTION_LOST),
        (reset, Code.CONNECTION_LOST),
        (reset_in_the_answer, Code.CONNECTION_LOST),
        (babble, Code.ANSWER_UNREADABLE),
    ],
)
def test_once_the_request_has_left_the_outcome_is_unknown(handler: Handler, code: Code) -> None:
    outcome = run(through(handler))
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.safe_to_repeat) == (code, False)
    assert outcome.trace is not None
    assert outcome.trace.request == "POST /bot*/sendMessage"


def assert_not_sent(outcome: Outcome) -> None:
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action) == (Code.CONNECTION_FAILED, Action.RETRY)


def test_a_refused_connection_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert_not_sent(run(send(f"http://127.0.0.1:{port}", timeouts=SHORT)))


def test_a_name_that_does_not_resolve_is_not_sent() -> None:
    assert_not_sent(run(send("http://telegram.invalid", timeouts=SHORT)))


def test_a_failed_tls_handshake_is_not_sent() -> None:
    async def scenario() -> Outcome:
        async with listening(babble_at_once) as base_url:
            return await send(base_url.replace("http:", "https:"), timeouts=SHORT)

    assert_not_sent(run(scenario()))


async def babble_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


def test_a_connection_that_is_never_accepted_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for each in crowd:
            each.settimeout(0)
            each.connect_ex(("127.0.0.1", port))
        assert_not_sent(run(send(f"http://127.0.0.1:{port}", timeouts=SHORT)))
        for each in crowd:
            each.close()


def test_a_full_pool_is_not_sent() -> None:
    adapter = TelegramAdapter()
    patient = Timeouts(connect=0.3, read=1.5, write=0.3, pool=0.3)

    async def scenario() -> tuple[Outcome, Outcome]:
        async with listening(hang) as base_url, wired(patient, connections=1) as wires:
            first = asyncio.create_task(adapter.send(envelope(), credentials(base_url), wires))
            await asyncio.sleep(0.1)
            second = await adapter.send(envelope(), credentials(base_url), wires)
            return await first, second

    first, second = run(scenario())
    assert isinstance(first, Unknown)
    assert_not_sent(second)
