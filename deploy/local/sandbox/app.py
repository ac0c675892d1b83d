"""The process: one event loop that serves HTTP and SMTP until it is told to stop."""

import asyncio
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from deploy.local.sandbox import http, smtp, tls, webhooks
from deploy.local.sandbox.bot_api import BotApi
from deploy.local.sandbox.cloud_api import CloudApi
from deploy.local.sandbox.control import Control
from deploy.local.sandbox.desk import Desk
from deploy.local.sandbox.fonnte import Fonnte
from deploy.local.sandbox.gowa import Gowa
from deploy.local.sandbox.waha import Waha
from deploy.local.sandbox.webhooks import Poster

_PROVIDERS = (Waha, Gowa, Fonnte, CloudApi, BotApi)
_LARGEST_REQUEST = 64 * 1024 * 1024
_KEEP_ALIVE = 3600
_BACKLOG = 1024
_GRACE = 0.2
"""Seconds a call in flight has to end when the process stops; everything is over within one second."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where to listen. Port 0 takes a free one; ``None`` leaves a service out."""

    host: str
    http_port: int
    smtp_port: int
    smtps_port: int | None = None
    submission_port: int | None = None
    certificate: Path | None = None
    """Where the certificate of the encrypted ports is written, for clients to trust."""
    webhook_url: str | None = None
    """Who receives the webhooks of all providers."""
    receivers: Path | None = None
    """A file that lists who receives them, in place of one for all."""


def make_app(desk: Desk, poster: Poster | None) -> web.Application:
    """Put the providers and the control interface into one application."""
    app = web.Application(middlewares=[http.answer_refusals], client_max_size=_LARGEST_REQUEST)
    app.add_routes([route for provider in _PROVIDERS for route in provider(desk).routes()])
    app.add_routes(Control(desk, poster).routes())
    return app


async def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT, after one line on standard output that says where."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    async with AsyncExitStack() as stack:
        addresses = await _serve(options, stack)
        print(f"sandbox listening: {', '.join(addresses)}", flush=True)  # noqa: T201 - who started the process reads it.
        await stopping.wait()


async def _serve(options: Options, stack: AsyncExitStack) -> list[str]:
    receivers = _receivers(options)
    poster = await stack.enter_async_context(_posting(receivers)) if receivers else None
    desk = Desk(notifier=poster)
    port = await stack.enter_async_context(_http(make_app(desk, poster), options))
    mail_ports = [await stack.enter_async_context(mail) for mail in _mail_servers(desk, options)]
    return [f"http://{options.host}:{port}", *mail_ports]


def _receivers(options: Options) -> webhooks.Receivers | None:
    if options.webhook_url:
        return webhooks.below(options.webhook_url)
    return webhooks.listed(options.receivers) if options.receivers else None


@asynccontextmanager
async def _posting(receivers: webhooks.Receivers) -> AsyncIterator[Poster]:
    poster = Poster(receivers)
    poster.start()
    try:
        yield poster
    finally:
        await poster.stop()


@asynccontextmanager
async def _http(app: web.Application, options: Options) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=_KEEP_ALIVE, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.http_port, backlog=_BACKLOG).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _mail_servers(desk: Desk, options: Options) -> Iterator[AbstractAsyncContextManager[str]]:
    yield _mail("smtp", options.host, options.smtp_port, lambda: smtp.protocol(desk))
    if options.smtps_port is None and options.submission_port is None:
        return
    context = tls.server_context(options.certificate)
    if options.smtps_port is not None:
        yield _mail("smtps", options.host, options.smtps_port, lambda: smtp.protocol(desk), context)
    if options.submission_port is not None:
        yield _mail("submission", options.host, options.submission_port, lambda: smtp.protocol(desk, context))


@asynccontextmanager
async def _mail(
    name: str, host: str, port: int, protocol: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, host, port, ssl=context, backlog=_BACKLOG)
    try:
        yield f"{name}://{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
