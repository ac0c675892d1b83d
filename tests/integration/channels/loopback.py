"""A provider's place taken on the loopback interface, and the connections of a worker to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import aiohttp
from aiohttp import web

from shared.domain.content import Rendered
from worker.channels import transport
from worker.channels.base import Envelope, Timeouts

T = TypeVar("T")

DELIVERY = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abc1")
SEND = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abc0")
NUMBER = "6281234567890"


@dataclass(frozen=True)
class Wires:
    http: aiohttp.ClientSession
    timeouts: Timeouts


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    """A document, or a string to be sent as it is."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content_type: str
    body: dict[str, Any]


@dataclass
class Provider:
    """Answers with ``replies`` in turn, the last one for ever."""

    replies: list[Reply]
    calls: list[Call] = field(default_factory=list)
    base_url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        names = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(
            Call(request.method, request.path, dict(request.query), names, request.content_type, await _body(request))
        )
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        kind = "text/plain" if isinstance(reply.body, str) else "application/json"
        return web.Response(status=reply.status, text=text, content_type=kind, headers=reply.headers)


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        document: dict[str, Any] = await request.json()
        return document
    return {name: str(value) for name, value in (await request.post()).items()}


@asynccontextmanager
async def serving(*replies: Reply) -> AsyncIterator[Provider]:
    provider = Provider(list(replies))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()


@asynccontextmanager
async def wired(timeouts: Timeouts | None = None, connections: int = 100) -> AsyncIterator[Wires]:
    """The connections as a worker has them."""
    limits = timeouts or Timeouts()
    async with transport.open_session(limits, connections) as session:
        yield Wires(session, limits)


def envelope(content: Rendered, target: str = NUMBER) -> Envelope:
    return Envelope(delivery_id=DELIVERY, send_id=SEND, target=target, content=content)


def run(scenario: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(scenario)
