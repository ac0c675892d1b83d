"""Where every provider hands over a valid message: it is accepted, late, or lost, as the faults in force have it."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.sandbox import accounts
from deploy.local.sandbox.faults import REFUSALS, Fault, Faults, Kind
from deploy.local.sandbox.fields import Json
from deploy.local.sandbox.store import Message, Store

_CLOSED_POLL = 0.2
"""Seconds between two looks at whether a caller that is left waiting has gone."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


_TEMPLATES: list[Json] = [
    {
        "id": "1555000000000001",
        "name": "hello_world",
        "status": "APPROVED",
        "category": "UTILITY",
        "language": "en_US",
        "components": [{"type": "BODY", "text": "Hello World"}],
    },
    {
        "id": "1555000000000002",
        "name": "order_update",
        "status": "APPROVED",
        "category": "UTILITY",
        "language": "id",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Halo {{1}}, pesanan {{2}} sedang dikirim."}],
    },
]
"""What the account has at Meta from the start."""


class ProviderError(Exception):
    """A provider says no over HTTP; ``body`` is JSON, or plain text when it is a string."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


class CallerGoneError(Exception):
    """The connection the call came in on is closed: nobody hears an answer."""


Refuse = Callable[[Fault, str], ProviderError]
"""How a provider answers a fault for a recipient. Raises :class:`ValueError` for a code the provider cannot answer."""


class Settings(BaseModel):
    """What ``POST /_sandbox/settings`` changes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    auto_receipts: bool = True
    """Whether *sent* and *delivered* follow every accepted message."""
    latency_ms: int = Field(default=0, ge=0)
    """How long every accepted call takes."""


class Line:
    """The connection a call came in on."""

    def __init__(
        self,
        transport: asyncio.Transport | None,
        started_at: float,
        *,
        traceparent: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self._transport = transport
        self.started_at = started_at
        self.traceparent = traceparent
        self.request_id = request_id

    def reset(self) -> None:
        """Close with a TCP reset, as a crashed provider or a broken middlebox does."""
        if self._transport is not None and not self._transport.is_closing():
            _reset_on_close(self._transport)
            self._transport.abort()

    async def closed(self) -> None:
        """Wait until the caller has gone."""
        while self._transport is not None and not self._transport.is_closing():  # noqa: ASYNC110 - a transport calls no one.
            await asyncio.sleep(_CLOSED_POLL)


def _reset_on_close(transport: asyncio.BaseTransport) -> None:
    """Set the option on a duplicate: the loop's own socket object does not offer it, the connection is the same."""
    with socket.fromfd(transport.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM) as duplicate:
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


class Notifier(Protocol):
    """Who tells the receiver of webhooks what became of a message."""

    def accepted(self, message: Message) -> None:
        """Let the receipts of an accepted message follow. Never waits."""


@dataclass(kw_only=True)
class Desk:
    """The state all providers share."""

    store: Store = field(default_factory=Store)
    faults: Faults = field(default_factory=Faults)
    settings: Settings = field(default_factory=Settings)
    notifier: Notifier | None = None
    templates: dict[str, list[Json]] = field(default_factory=lambda: {accounts.WABA_ID: [dict(each) for each in _TEMPLATES]})
    """The templates of WhatsApp Business accounts, by Meta's id of the account."""

    async def take(self, message: Message, line: Line, refuse: Refuse) -> None:
        """Accept a message that came over HTTP.

        Raises:
            ProviderError: A fault says so, in the provider's words.
            CallerGoneError: The connection was reset, before or after the message was accepted.
        """
        fault = self.faults.strike(message.channel, message.to)
        if fault is not None and fault.kind in REFUSALS:
            raise _refusal(fault, message.to, refuse)
        await self.accept(message, fault, line)

    async def standing(self, channel: str, line: Line) -> Fault | None:
        """Give the fault a sender is under, for a question about its state. Raises :class:`CallerGoneError` after a hang."""
        if self.faults.hangs(channel):
            await line.closed()
            raise CallerGoneError
        return self.faults.standing(channel)

    async def accept(self, message: Message, fault: Fault | None, line: Line) -> None:
        """Accept a message under a fault that is no refusal. Raises :class:`CallerGoneError` after a reset or a hang."""
        kind = fault.kind if fault else None
        if kind is Kind.HANG:
            await line.closed()
            raise CallerGoneError
        if kind is Kind.DROP_BEFORE:
            _hang_up(line)
        await self._wait(fault)
        message.traceparent, message.request_id = line.traceparent, line.request_id
        self._record(message)
        if kind is Kind.DROP_AFTER:
            _hang_up(line)

    async def _wait(self, fault: Fault | None) -> None:
        latency_ms = fault.latency_ms if fault and fault.kind is Kind.SLOW else self.settings.latency_ms
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)

    def _record(self, message: Message) -> None:
        message.received_at = time.time()
        self.store.add(message)
        if self.notifier is not None and self.settings.auto_receipts:
            self.notifier.accepted(message)


def _hang_up(line: Line) -> None:
    line.reset()
    raise CallerGoneError


def _refusal(fault: Fault, to: str, refuse: Refuse) -> ProviderError:
    """Answer a fault; with the kind's usual code where the one asked for belongs to another gateway of the channel."""
    try:
        return refuse(fault, to)
    except ValueError:
        return refuse(fault.model_copy(update={"code": None}), to)
