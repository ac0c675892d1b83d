"""A real mail server on the loopback that follows a script, and what every test sends to it."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import aiohttp
import trustme
import uvloop
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from shared.credentials.email import EmailCredentials
from shared.domain import content
from shared.domain.outcome import Outcome
from worker.channels.base import Envelope, Timeouts
from worker.channels.email.adapter import EmailAdapter
from worker.channels.email.connections import Pools

T = TypeVar("T")

DROP = "drop"
HANG = "hang"
HOST = "127.0.0.1"
SHORT = Timeouts(connect=0.4, read=0.4, write=0.1, pool=0.4)
LOGIN = {"username": "antar", "password": "open sesame"}


@dataclass
class Wires:
    """The limits; email keeps connections of its own."""

    timeouts: Timeouts = field(default_factory=Timeouts)

    @property
    def http(self) -> aiohttp.ClientSession:
        raise NotImplementedError


@dataclass
class MailServer:
    """Replies as ``script`` says: by command (``MAIL``, ``RCPT``, ``DATA``, ``END`` for the message's end, ``RSET``, ``AUTH``).

    A list is used up one by one, after which all is well; ``DROP`` resets the connection, ``HANG`` never replies.
    """

    script: dict[str, str | list[str]] = field(default_factory=dict)
    port: int = 0
    letters: list[Any] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    peers: set[tuple[str, int]] = field(default_factory=set)

    async def play(self, server: Any, command: str) -> str | None:
        """Do what the script says, and give the reply it has."""
        self.commands.append(command)
        self.peers.add(server.session.peer)
        line = self.script.get(command)
        if isinstance(line, list):
            line = line.pop(0) if line else None
        if line == DROP:
            server.transport.abort()
        if line in {DROP, HANG}:
            await asyncio.sleep(3600)
        return line

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name.
        self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        reply = await self.play(server, "MAIL")
        if not reply:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 - likewise.
        self, server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        reply = await self.play(server, "RCPT")
        if not reply:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 Ok"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - likewise.
        self.letters.append(envelope)
        return await self.play(server, "END") or "250 2.0.0 Ok: queued as 4F1D"

    async def handle_RSET(self, server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - likewise.
        return await self.play(server, "RSET") or "250 2.0.0 Ok"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        self.commands.append("AUTH")
        reply = str(self.script.get("AUTH", ""))
        right = given == (LOGIN["username"].encode(), LOGIN["password"].encode())
        return AuthResult(success=right and not reply, handled=False, message=reply or None)


class _Protocol(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name.
        handler: MailServer = self.event_handler
        reply = await handler.play(self, "DATA")
        await (self.push(reply) if reply else super().smtp_DATA(arg))


@contextmanager
def serving(
    script: dict[str, str | list[str]] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    enable_smtputf8: bool = True,
    **options: Any,
) -> Iterator[MailServer]:
    """Serve from a thread of its own; ``tls`` is for implicit TLS, aiosmtpd's ``tls_context`` for STARTTLS."""
    mail_server = MailServer(script or {})
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    def protocol() -> SMTP:
        return _Protocol(mail_server, loop=loop, enable_SMTPUTF8=enable_smtputf8, hostname="mx.test.example", **options)

    async def serve() -> None:
        server = await loop.create_server(protocol, HOST, 0, ssl=tls)
        mail_server.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=_run_to_the_end, args=(loop, serve()))
    thread.start()
    ready.wait()
    try:
        yield mail_server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run_to_the_end(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(coroutine)


@dataclass(frozen=True)
class Authority:
    """A certificate authority no system knows, and a server's context it vouches for."""

    pem: str
    server: ssl.SSLContext


def authority(name: str = HOST) -> Authority:
    own = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.issue_cert(name).configure_cert(context)
    return Authority(own.cert_pem.bytes().decode(), context)


def credentials(server: MailServer | int, **fields: Any) -> EmailCredentials:
    port = server if isinstance(server, int) else server.port
    document = {"host": HOST, "port": port, "security": "none", "from_address": "no-reply@antar.example"}
    return EmailCredentials.model_validate(document | fields)


def envelope(target: str = "ann@test.example", number: int = 1, **body: str) -> Envelope:
    email = content.EmailBody.model_validate({"subject": "Hello", "html": "<p>Hi <b>Ann</b></p>"} | body)
    return Envelope(delivery_id=UUID(int=number), send_id=UUID(int=2), target=target, content=email)


@asynccontextmanager
async def adapting(**pools: Any) -> AsyncIterator[EmailAdapter]:
    adapter = EmailAdapter(Pools(**pools))
    try:
        yield adapter
    finally:
        await adapter.close()


async def send(key: EmailCredentials, letter: Envelope | None = None, timeouts: Timeouts | None = None) -> Outcome:
    """Send one message with an adapter of its own."""
    async with adapting() as adapter:
        return await adapter.send(letter or envelope(), key, Wires(timeouts or Timeouts()))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on the kind of loop a worker process has."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)
