"""What each way for an exchange to fail means for the message, over real sockets and the worker's real transport."""

import asyncio
import contextlib
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from shared.domain.outcome import Action, Code, NotSent, Trace, Unknown
from tests.integration.channels.loopback import Reply, run, serving, wired
from worker.channels import http
from worker.channels.answers import Answer
from worker.channels.base import Timeouts

Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LINE = "POST /send"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
QUICK = Timeouts(connect=0.3, read=0.3, write=0.3, pool=0.3)


def post(url: str, text: str = "Hello") -> http.Request:
    return http.Request(url=url, line=LINE, json={"message": text})


async def once(url: str, timeouts: Timeouts | None = None) -> Answer | NotSent | Unknown:
    async with wired(timeouts) as wires:
        return await http.exchange(post(url), wires)


@asynccontextmanager
async def speaking(handler: Streams, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve raw TCP, or TLS, on a port of its own."""

    handlers: set[asyncio.Task[None]] = set()

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.create_task(closing(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.wait_for(asyncio.gather(*handlers), 10)


async def read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    await reader.readexactly(length)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def saying(*parts: bytes) -> Streams:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"".join(parts))
        await writer.drain()

    return handler


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def reset_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def reset_after_the_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    reset(writer)


async def trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


def assert_not_sent(outcome: object) -> None:
    assert outcome == NotSent(
        code=Code.CONNECTION_FAILED,
        reason="could not connect to the provider",
        action=Action.RETRY,
        trace=Trace(request=LINE),
    )


def test_refused_connection_was_not_sent() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert_not_sent(run(once(f"http://127.0.0.1:{held.getsockname()[1]}/send")))


def test_name_that_does_not_resolve_was_not_sent() -> None:
    assert_not_sent(run(once("http://nowhere.invalid/send")))


def test_connection_that_is_never_taken_was_not_sent() -> None:
    async def scenario() -> Answer | NotSent | Unknown:
        with socket.socket() as full, contextlib.ExitStack() as waiting:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for _ in range(4):
                caller = waiting.enter_context(socket.socket())
                caller.settimeout(0)
                caller.connect_ex(full.getsockname())
            return await once(f"http://127.0.0.1:{full.getsockname()[1]}/send", QUICK)

    assert_not_sent(run(scenario()))


def test_server_without_tls_was_not_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"what?\r\n")

    async def scenario() -> Answer | NotSent | Unknown:
        async with speaking(hang_up) as port:
            return await once(f"https://127.0.0.1:{port}/send")

    assert_not_sent(run(scenario()))


def test_certificate_nobody_vouches_for_was_not_sent() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)

    async def scenario() -> Answer | NotSent | Unknown:
        async with speaking(silent, tls) as port:
            return await once(f"https://127.0.0.1:{port}/send")

    assert_not_sent(run(scenario()))


def test_reset_during_the_handshake_was_not_sent() -> None:
    async def scenario() -> Answer | NotSent | Unknown:
        async with speaking(reset_at_once) as port:
            return await once(f"https://127.0.0.1:{port}/send")

    assert_not_sent(run(scenario()))


def test_full_pool_was_not_sent() -> None:
    async def scenario() -> Answer | NotSent | Unknown:
        async with speaking(silent) as port, wired(Timeouts(pool=0.3), connections=1) as wires:
            url = f"http://127.0.0.1:{port}/send"
            occupying = asyncio.create_task(http.exchange(post(url), wires))
            await asyncio.sleep(0.1)
            outcome = await http.exchange(post(url), wires)
            occupying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await occupying
            return outcome

    assert_not_sent(run(scenario()))


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        pytest.param(reset_at_once, Code.CONNECTION_LOST, id="reset before the request was read"),
        pytest.param(reset_after_the_request, Code.CONNECTION_LOST, id="reset after the request was read"),
        pytest.param(saying(b""), Code.CONNECTION_LOST, id="closed without an answer"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Le"), Code.CONNECTION_LOST, id="closed within the head"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), Code.CONNECTION_LOST, id="closed within the body"),
        pytest.param(silent, Code.ANSWER_TIMEOUT, id="no answer"),
        pytest.param(trickling, Code.ANSWER_TIMEOUT, id="an answer without an end"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"), Code.ANSWER_UNREADABLE, id="not HTTP"),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
            Code.ANSWER_UNREADABLE,
            id="not gzip",
        ),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n", b" " * 3_000_000),
            Code.ANSWER_UNREADABLE,
            id="a body too long",
        ),
        pytest.param(
            saying(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
                gzip.compress(b" " * 3_000_000),
            ),
            Code.ANSWER_UNREADABLE,
            id="a body too long once unpacked",
        ),
    ],
)
def test_what_fails_once_a_connection_stands_is_unknown(handler: Streams, code: Code) -> None:
    async def scenario() -> Answer | NotSent | Unknown:
        async with speaking(handler) as port:
            return await once(f"http://127.0.0.1:{port}/send", QUICK)

    outcome = run(scenario())
    assert isinstance(outcome, Unknown)
    assert outcome.code is code
    assert not outcome.safe_to_repeat
    assert outcome.trace is not None
    assert outcome.trace.request == LINE


def test_connection_the_server_closed_while_idle_is_replaced() -> None:
    connections = 0

    async def one_answer_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await saying(OK)(reader, writer)

    async def scenario() -> list[Answer | NotSent | Unknown]:
        async with speaking(one_answer_each) as port, wired() as wires:
            first = await http.exchange(post(f"http://127.0.0.1:{port}/send"), wires)
            await asyncio.sleep(0.1)
            return [first, await http.exchange(post(f"http://127.0.0.1:{port}/send"), wires)]

    assert all(isinstance(outcome, Answer) for outcome in run(scenario()))
    assert connections == 2


def test_connection_lost_on_its_second_request_is_unknown_and_never_resent() -> None:
    requests = 0

    async def close_at_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        requests += 1
        if requests == 1:
            writer.write(OK)
            await close_at_the_second(reader, writer)

    async def scenario() -> tuple[object, object]:
        async with speaking(close_at_the_second) as port, wired() as wires:
            url = f"http://127.0.0.1:{port}/send"
            return await http.exchange(post(url), wires), await http.exchange(post(url), wires)

    first, second = run(scenario())
    assert isinstance(first, Answer)
    assert isinstance(second, Unknown)
    assert second.code is Code.CONNECTION_LOST
    assert requests == 2


def test_complete_answer_is_read() -> None:
    async def scenario() -> Answer | NotSent | Unknown:
        async with serving(Reply(429, {"a": 1}, {"Retry-After": "7"})) as provider, wired() as wires:
            return await http.exchange(post(f"{provider.base_url}/send"), wires)

    answer = run(scenario())
    assert isinstance(answer, Answer)
    assert (answer.status, answer.document(), answer.retry_after()) == (429, {"a": 1}, 7.0)


def test_redirect_is_an_answer_and_not_followed() -> None:
    async def scenario() -> None:
        async with serving(Reply()) as elsewhere:
            moved = Reply(307, "moved", {"Location": f"{elsewhere.base_url}/send"})
            async with serving(moved) as provider, wired() as wires:
                answer = await http.exchange(post(f"{provider.base_url}/send"), wires)
            assert isinstance(answer, Answer)
            assert answer.status == 307
            assert elsewhere.calls == []

    run(scenario())


def test_text_outside_unicode_never_leaves() -> None:
    async def scenario() -> None:
        async with serving(Reply()) as provider, wired() as wires:
            outcome = await http.exchange(post(f"{provider.base_url}/send", "half a \ud83d pair"), wires)
            assert isinstance(outcome, NotSent)
            assert (outcome.code, outcome.action) == (Code.CONTENT_INVALID, Action.PERMANENT)
            assert provider.calls == []

    run(scenario())


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/send", "http://127.0.0.1:99999/send", "http://[::1/send", "/send"])
def test_address_of_no_server_asks_for_another_key(url: str) -> None:
    outcome = run(once(url))
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action) == (Code.CREDENTIALS_REJECTED, Action.KEY)


def test_what_a_task_carries_goes_with_its_requests_alone() -> None:
    async def scenario() -> list[str]:
        async with serving(Reply(), Reply(), Reply()) as provider, wired() as wires:

            async def carrying(value: str) -> None:
                with http.carrying({"traceparent": value}):
                    await http.exchange(post(provider.base_url), wires)

            await asyncio.gather(carrying("one"), carrying("two"))
            await http.exchange(post(provider.base_url), wires)
        return [call.headers.get("traceparent", "") for call in provider.calls]

    *carried, plain = run(scenario())
    assert (sorted(carried), plain) == (["one", "two"], "")
