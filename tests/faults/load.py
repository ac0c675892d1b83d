"""The client: posts at a steady rate, and repeats under the same Idempotency-Key until it is told that its send was accepted."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import aiohttp

from shared import ids
from tests.faults import patience
from tests.faults.mixture import Planned

_CONNECTIONS: Final = 200
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=15)
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 4.0
"""Seconds between two posts of the same request, doubled from the first to the longest."""
_AGAIN: Final = 429
_SERVER_ERRORS: Final = 500
_FAILED: Final = 300
_OK: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a client was told in the end."""

    idempotency_key: str
    status: int
    """The HTTP status; 0 when it gave up without one."""
    send_id: UUID | None
    repeats: int
    """Posts after the first one."""
    told: bool | None = None
    """Whether it was delivered, when that was known by the time of the answer."""

    @property
    def accepted(self) -> bool:
        """Whether the send was accepted."""
        return self.send_id is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """Where to post, and as whom."""

    base_url: str
    token: str


async def post_all(service: Service, planned: Sequence[Planned], per_second: float) -> list[Answer]:
    """Post each request at its time, whatever became of those before it, and give all answers."""
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    headers = {"Authorization": f"Bearer {service.token}"}
    async with aiohttp.ClientSession(service.base_url, connector=connector, headers=headers, timeout=_TIMEOUT) as session:
        starts = (number / per_second for number in range(len(planned)))
        return await asyncio.gather(*(_post_at(session, start, each) for start, each in zip(starts, planned, strict=True)))


async def _post_at(session: aiohttp.ClientSession, start: float, planned: Planned) -> Answer:
    await asyncio.sleep(start)
    deadline = time.monotonic() + patience.ACCEPT_SECONDS
    repeats = 0
    answer = await _post(session, planned, repeats)
    while _is_passing(answer) and time.monotonic() < deadline:
        await asyncio.sleep(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**repeats))
        repeats += 1
        answer = await _post(session, planned, repeats)
    return answer


def _is_passing(answer: Answer) -> bool:
    return answer.status in {0, _AGAIN} or answer.status >= _SERVER_ERRORS


async def _post(session: aiohttp.ClientSession, planned: Planned, repeats: int) -> Answer:
    headers = {"Idempotency-Key": planned.idempotency_key, "Prefer": planned.prefer}
    try:
        async with session.post("/v1/send", json=planned.body, headers=headers) as response:
            document = await response.json(content_type=None) if response.status < _FAILED else {}
            return _read(planned.idempotency_key, response.status, document, repeats)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return _read(planned.idempotency_key, 0, {}, repeats)


def _read(idempotency_key: str, status: int, document: Mapping[str, Any], repeats: int) -> Answer:
    is_final = status == _OK and not document.get("scheduled")
    return Answer(
        idempotency_key=idempotency_key,
        status=status,
        send_id=ids.decode(ids.SEND, document.get("id", "")),
        repeats=repeats,
        told=bool(document["status"]) if is_final else None,
    )
