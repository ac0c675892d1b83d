"""A loopback server in Telegram's place, and what every test sends to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import uvloop
from aiohttp import web

from shared.credentials.telegram import TelegramCredentials
from shared.domain import content
from shared.domain.outcome import Outcome
from tests.integration.channels.loopback import wired
from worker.channels.base import Envelope, Timeouts
from worker.channels.telegram.adapter import TelegramAdapter

T = TypeVar("T")

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
ACCEPTED = {"ok": True, "result": {"message_id": 17, "date": 1, "chat": {"id": 4242, "type": "private"}}}
TEXT = {"type": "text", "message": "Hello"}


@dataclass(frozen=True)
class Call:
    path: str
    content_type: str
    form: dict[str, str]


@dataclass
class BotApi:
    """Answers with ``answers`` in turn, the last one for ever."""

    answers: list[tuple[int, Any]] = field(default_factory=lambda: [(200, ACCEPTED)])
    calls: list[Call] = field(default_factory=list)
    base_url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.calls.append(Call(request.path, request.content_type, form))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, content_type="application/json")


@asynccontextmanager
async def serving(*answers: tuple[int, Any]) -> AsyncIterator[BotApi]:
    api = BotApi(list(answers)) if answers else BotApi()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    api.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        await runner.cleanup()


def credentials(base_url: str, token: str = TOKEN) -> TelegramCredentials:
    return TelegramCredentials.model_validate({"bot_token": token, "base_url": base_url})


def envelope(body: dict[str, Any] | None = None, target: str = "4242") -> Envelope:
    message = content.Message.model_validate(TEXT if body is None else body)
    return Envelope(delivery_id=UUID(int=1), send_id=UUID(int=2), target=target, content=message)


async def send(
    base_url: str, body: dict[str, Any] | None = None, *, target: str = "4242", timeouts: Timeouts | None = None
) -> Outcome:
    """Send one message over connections of its own."""
    async with wired(timeouts) as wires:
        return await TelegramAdapter().send(envelope(body, target), credentials(base_url), wires)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on the kind of loop a worker process has."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)
