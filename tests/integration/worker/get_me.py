"""A stand-in for Telegram that is asked who its bots are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

WELL: Final = (200, {"ok": True, "result": {"id": 7}})


@dataclass
class Telegram:
    """Answers ``getMe`` as told, not before its gate opens; what was asked is kept."""

    base_url: str = ""
    answer: tuple[int, Any] = WELL
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    calls: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append(request.match_info["token"])
        self.asked.release()
        await self.gate.wait()
        return web.json_response(self.answer[1], status=self.answer[0])


@asynccontextmanager
async def telegram(answer: tuple[int, Any] = WELL, *, closed: bool = False) -> AsyncIterator[Telegram]:
    server = Telegram(answer=answer)
    if not closed:
        server.gate.set()
    app = web.Application()
    app.router.add_get("/bot{token}/getMe", server.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.gate.set()
        await runner.cleanup()
