"""Connections to mail servers, kept open between messages: a few for each channel key."""

import asyncio
import contextlib
import functools
import socket
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

import aiosmtplib

from shared import settings
from shared.credentials.email import EmailCredentials, Security
from worker import egress
from worker.channels.base import Timeouts
from worker.channels.email.errors import UnusableServerError

CONNECTIONS_PER_KEY = 8
IDLE_SECONDS = 30.0
_POOLS = 256
_QUIT_SECONDS = 2.0

_LOGINS = {
    "plain": aiosmtplib.SMTP.auth_plain,
    "login": aiosmtplib.SMTP.auth_login,
}
"""In the order of preference. One is tried: a second try with a wrong password only brings a lockout nearer."""

_own_name = functools.cache(socket.getfqdn)


def _trust(ca_certificate: str | None) -> ssl.SSLContext:
    """Trust the system's authorities and the key's own; names are always verified."""
    context = ssl.create_default_context()
    if ca_certificate:
        context.load_verify_locations(cadata=ca_certificate)
    return context


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


async def _log_in(client: aiosmtplib.SMTP, credentials: EmailCredentials) -> None:
    if credentials.username is None or credentials.password is None:
        return
    method = next((method for name, method in _LOGINS.items() if name in client.server_auth_methods), None)
    if method is None:
        raise UnusableServerError("the mail server offers no way to log in that antar knows")
    await method(client, credentials.username, credentials.password.get_secret_value())


async def _secure(client: aiosmtplib.SMTP) -> None:
    """Upgrade the connection, and never go on without."""
    await _greet(client)
    if not client.supports_extension("starttls"):
        raise UnusableServerError("the mail server does not offer STARTTLS, which the channel key demands")
    await client.starttls()


async def take_leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye, if the server listens, and close the connection."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_QUIT_SECONDS)
    client.close()


class Pool:
    """The connections of one channel key. Each carries one transaction at a time."""

    def __init__(self, credentials: EmailCredentials, limit: int, idle_seconds: float) -> None:
        self._credentials = credentials
        self._context = None if credentials.security is Security.NONE else _trust(credentials.ca_certificate)
        self._slots = asyncio.Semaphore(limit)
        self._idle_seconds = idle_seconds
        self._idle: dict[aiosmtplib.SMTP, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._retired = False

    @contextlib.asynccontextmanager
    async def slot(self, seconds: float) -> AsyncIterator[None]:
        """Wait for the right to use one connection. Raises :class:`TimeoutError` after ``seconds``."""
        async with asyncio.timeout(seconds):
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    def take_idle(self) -> aiosmtplib.SMTP | None:
        """Give the connection that was used last and still stands, if any."""
        while self._idle:
            client, timer = self._idle.popitem()
            timer.cancel()
            if client.is_connected:
                return client
        return None

    async def open(self, timeouts: Timeouts) -> aiosmtplib.SMTP:
        """Connect, secure and log in. Raises what the library does, :class:`OSError`, :class:`UnusableServerError`."""
        client = await self._new_client(timeouts)
        with contextlib.ExitStack() as undo:
            undo.callback(client.close)
            await client.connect(timeout=timeouts.connect)
            if self._credentials.security is Security.STARTTLS:
                await _secure(client)
            await _greet(client)
            await _log_in(client, self._credentials)
            undo.pop_all()
        return client

    async def _new_client(self, timeouts: Timeouts) -> aiosmtplib.SMTP:
        own_name = await asyncio.to_thread(_own_name)
        return aiosmtplib.SMTP(
            hostname=self._credentials.host,
            **await self._way(timeouts),
            local_hostname=own_name,
            use_tls=self._credentials.security is Security.TLS,
            start_tls=False,
            tls_context=self._context,
            timeout=timeouts.read,
        )

    async def _way(self, timeouts: Timeouts) -> dict[str, Any]:
        """Give the port, or for a key that may only reach public addresses a socket that is connected to one."""
        if not self._credentials.public_only:
            return {"port": self._credentials.port}
        async with asyncio.timeout(timeouts.connect):
            return {"sock": await egress.connect(self._credentials.host, self._credentials.port, settings.get().egress_allow)}

    def keep(self, client: aiosmtplib.SMTP) -> None:
        """Take a connection back whose conversation stands between two commands."""
        if self._retired:
            self._leave(client)
        elif client.is_connected:
            loop = asyncio.get_running_loop()
            self._idle[client] = loop.call_later(self._idle_seconds, self._expire, client)

    def _expire(self, client: aiosmtplib.SMTP) -> None:
        del self._idle[client]
        self._leave(client)

    def _leave(self, client: aiosmtplib.SMTP) -> None:
        task = asyncio.get_running_loop().create_task(take_leave(client))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def retire(self) -> None:
        """Close what is idle, and everything else once it comes back."""
        self._retired = True
        while (client := self.take_idle()) is not None:
            self._leave(client)

    async def close(self) -> None:
        """Retire, and wait until all goodbyes are said."""
        self.retire()
        await asyncio.gather(*self._leaving)


class Pools:
    """The pools of a process; the one least recently used gives way to a new one."""

    def __init__(self, connections: int = CONNECTIONS_PER_KEY, idle_seconds: float = IDLE_SECONDS, keys: int = _POOLS) -> None:
        self._connections = connections
        self._idle_seconds = idle_seconds
        self._keys = keys
        self._pools: OrderedDict[EmailCredentials, Pool] = OrderedDict()

    def get(self, credentials: EmailCredentials) -> Pool:
        """Give the pool of a channel key."""
        if credentials not in self._pools:
            self._pools[credentials] = Pool(credentials, self._connections, self._idle_seconds)
        self._pools.move_to_end(credentials)
        if len(self._pools) > self._keys:
            self._pools.popitem(last=False)[1].retire()
        return self._pools[credentials]

    async def close(self) -> None:
        """Close every connection."""
        pools = list(self._pools.values())
        self._pools.clear()
        await asyncio.gather(*(pool.close() for pool in pools))
