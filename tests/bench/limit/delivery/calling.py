"""The call to a provider, and what came of it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import ClientSession

from tests.bench.baselines import providers
from tests.bench.baselines.providers import Endpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A delivery that is this process's to call."""

    id: UUID
    send_id: UUID
    claim_id: UUID
    channel: str
    address: str
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """What came of a call."""

    delivery: Claimed
    status: int
    message_id: str | None
    """The provider's; ``None`` for a refusal."""
    seconds: float

    @property
    def next(self) -> UUID | None:
        """The delivery of the next tier, should there be one, when this one was refused."""
        return UUID(int=self.delivery.id.int + 1) if self.message_id is None else None


async def call(client: ClientSession, endpoint: Endpoint, delivery: Claimed) -> Called:
    """Post a message and read the answer. Raises :class:`aiohttp.ClientError`: a limit is measured where no connection breaks."""
    started = time.perf_counter()
    body = json.dumps(providers.body(delivery.channel, delivery.address, delivery.content["message"])).encode()
    async with client.post(endpoint.url, data=body, headers=endpoint.headers) as response:
        answer = json.loads(await response.read())
        accepted = response.ok
    return Called(
        delivery=delivery,
        status=response.status,
        message_id=providers.message_id(delivery.channel, answer) if accepted else None,
        seconds=time.perf_counter() - started,
    )
