"""What the channels make of a provider they cannot reach, and of one that falls silent."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from shared.domain.outcome import Action, Code, NotSent, Outcome, Unknown
from tests.integration.channels.loopback import envelope, run, wired
from tests.integration.channels.samples import MESSAGES
from worker.channels.base import Adapter, Timeouts
from worker.channels.waba.adapter import WabaAdapter
from worker.channels.whatsapp.adapter import WhatsappAdapter

QUICK = Timeouts(read=0.3)
KEYS: dict[str, tuple[Adapter, dict[str, str]]] = {
    "waba": (WabaAdapter(), {"phone_number_id": "1", "access_token": "EAAB"}),
    "waha": (WhatsappAdapter(), {"gateway": "waha", "api_key": "secret"}),
    "gowa": (WhatsappAdapter(), {"gateway": "gowa", "api_key": "user:password"}),
    "fonnte": (WhatsappAdapter(), {"gateway": "fonnte", "api_key": "secret"}),
}
LINES = {"waba": "POST /v23.0/*/messages", "waha": "POST /api/sendText", "gowa": "POST /send/message", "fonnte": "POST /send"}


async def send(name: str, port: int) -> Outcome:
    adapter, key = KEYS[name]
    credentials = adapter.credentials.model_validate({**key, "base_url": f"http://127.0.0.1:{port}"})
    async with wired(QUICK) as wires:
        return await adapter.send(envelope(MESSAGES["text"]), credentials, wires)


@contextlib.asynccontextmanager
async def silence() -> AsyncIterator[int]:
    taken: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _reader, writer: taken.append(writer), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in taken:
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize("name", KEYS)
def test_refused_connection_was_not_sent(name: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        outcome = run(send(name, held.getsockname()[1]))
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action) == (Code.CONNECTION_FAILED, Action.RETRY)
    assert outcome.trace is not None
    assert outcome.trace.request == LINES[name]


@pytest.mark.parametrize("name", KEYS)
def test_answer_that_never_comes_is_unknown(name: str) -> None:
    async def scenario() -> Outcome:
        async with silence() as port:
            return await send(name, port)

    outcome = run(scenario())
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.safe_to_repeat) == (Code.ANSWER_TIMEOUT, False)
    assert outcome.trace is not None
    assert outcome.trace.request == LINES[name]
