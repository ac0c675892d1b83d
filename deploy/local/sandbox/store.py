"""What the stand-in accepted, in memory: bounded, and cheap to add to."""

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deploy.local.sandbox import mail

CAPACITY = 1_000_000
"""Messages kept; the oldest go first."""


def bare(address: str) -> str:
    """Give a WhatsApp person's number without the suffix gateways put to it; other addresses stay as they are."""
    return address.removesuffix("@c.us").removesuffix("@s.whatsapp.net")


def canonical(address: str) -> str:
    """Give an address the form it is compared in: bare, lower case, and no ``+``, which a query string makes a space."""
    return bare(address.strip().lower().removeprefix("+"))


@dataclass(kw_only=True, slots=True)
class Message:
    """One message a provider took; ``received_at`` is 0 until it did. Times are seconds since the epoch."""

    channel: str
    provider: str
    sender: str
    """The phone number id, session, device, bot id or user the message left by."""
    to: str
    type: str
    body: str | None
    """The text or caption; ``None`` for email, whose body is read from ``raw`` when it is asked for."""
    raw: bytes
    """The request as JSON, or the email as it came."""
    delivery_id: str | None
    provider_message_id: str
    started_at: float
    received_at: float = 0.0
    traceparent: str | None = None
    request_id: str | None = None
    """What the call's headers say it belongs to."""


def render(message: Message) -> bytes:
    """Give the JSON object that ``GET /_sandbox/messages`` lists."""
    body = mail.body(message.raw) if message.body is None else message.body
    fields = {
        "channel": message.channel,
        "provider": message.provider,
        "sender": message.sender,
        "to": bare(message.to),
        "type": message.type,
        "body": body,
        "started_at": _iso(message.started_at),
        "received_at": _iso(message.received_at),
        "delivery_id": message.delivery_id,
        "provider_message_id": message.provider_message_id,
        "traceparent": message.traceparent,
        "request_id": message.request_id,
    }
    return json.dumps(fields).encode()[:-1] + b', "raw": ' + _raw(message) + b"}"


def _raw(message: Message) -> bytes:
    """Give the request as JSON. A provider's JSON is passed on as it came: reading it again would cost a listing most."""
    return message.raw if message.body is not None else json.dumps(message.raw.decode("utf-8", "replace")).encode()


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Store:
    """The messages accepted so far, oldest first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._messages: deque[Message] = deque(maxlen=capacity)

    def add(self, message: Message) -> None:
        """Keep a message."""
        self._messages.append(message)

    def clear(self) -> int:
        """Forget all messages and say how many there were."""
        count = len(self._messages)
        self._messages.clear()
        return count

    def select(self, channel: str | None = None, to: str | None = None) -> Iterator[Message]:
        """Walk over the messages there are now, even while others come in."""
        wanted = canonical(to) if to is not None else None
        for message in list(self._messages):
            if channel in {None, message.channel} and wanted in {None, canonical(message.to)}:
                yield message

    def find(self, provider_message_id: str) -> Message | None:
        """Find the youngest message of that id."""
        newest_first = reversed(self._messages)
        return next((message for message in newest_first if message.provider_message_id == provider_message_id), None)

    def count(self) -> dict[str, Any]:
        """Say how many messages there are, per channel, and of how many deliveries."""
        return {
            "count": len(self._messages),
            "by_channel": Counter(message.channel for message in self._messages),
            "distinct_delivery_ids": len({message.delivery_id for message in self._messages} - {None}),
        }
