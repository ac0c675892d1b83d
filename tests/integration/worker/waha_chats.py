"""A stand-in for WAHA that is asked for messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from aiohttp import web

from worker.channels.whatsapp import message_ids


@dataclass
class Chats:
    """Has the messages of some deliveries, and answers when its gate is open."""

    base_url: str = ""
    there: set[UUID] = field(default_factory=set)
    asked: list[UUID | None] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def message(self, request: web.Request) -> web.Response:
        message_id = request.match_info["id"]
        delivery_id = message_ids.delivery_id(message_id)
        self.asked.append(delivery_id)
        await self.gate.wait()
        if delivery_id in self.there:
            return web.json_response({"id": message_id, "fromMe": True, "ack": 1})
        return web.json_response({"message": "Message not found", "statusCode": 404}, status=404)


@asynccontextmanager
async def waha(*there: UUID) -> AsyncIterator[Chats]:
    chats = Chats(there=set(there))
    chats.gate.set()
    app = web.Application()
    app.router.add_get("/api/{session}/chats/{chat}/messages/{id}", chats.message)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    chats.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield chats
    finally:
        chats.gate.set()
        await runner.cleanup()
