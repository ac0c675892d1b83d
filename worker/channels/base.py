"""What a channel is to the worker: one small interface, and the values that cross it.

A channel is a package in this folder with ``adapter`` (build the request, make the call), ``errors`` (the provider's codes and
the outcome each leads to) and ``credentials`` (what a channel key holds, typed). Adding a channel adds a folder.
"""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict

from shared.domain import content, outcome


class Credentials(BaseModel):
    """What a channel key holds, decrypted. Subclasses name the fields; secrets are ``SecretStr``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One delivery, ready to be put on the wire."""

    delivery_id: UUID
    send_id: UUID
    target: str
    """The recipient's canonical address, as :func:`shared.domain.targets.normalise` gave it."""
    content: content.Rendered
    unsubscribe_url: str | None = None
    """Where a recipient can stop further messages with one click, where the channel can say so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds granted to the steps of a provider call. Before the request has left, running out means *not sent*."""

    connect: float = 5.0
    read: float = 20.0
    write: float = 10.0
    pool: float = 5.0


class Wires(Protocol):
    """The connections of the process, shared by all adapters: one HTTP client, and room for the others a channel keeps."""

    @property
    def http(self) -> httpx.AsyncClient:
        """The HTTP client, pooled over aiohttp."""

    @property
    def timeouts(self) -> Timeouts:
        """The limits every call keeps."""


class Adapter(Protocol):
    """A channel. Adapters keep no state per delivery and are shared by all tasks of a process."""

    credentials: type[Credentials]

    async def send(self, envelope: Envelope, credentials: Any, wires: Wires) -> outcome.Outcome:
        """Make one call. Never raises for what a provider, a network or a content can do: that is the outcome.

        ``credentials`` is an instance of :attr:`credentials`. What is raised all the same is our own bug.
        """

    async def close(self) -> None:
        """Close the connections the adapter keeps beyond :class:`Wires`."""
