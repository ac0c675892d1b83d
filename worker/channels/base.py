"""What a channel is to the worker: one small interface, and the values that cross it.

A channel is a package in this folder with ``adapter`` (build the request, make the call), ``errors`` (the provider's codes and
the outcome each leads to) and ``pace`` (how fast the provider lets senders write), and a module in :mod:`shared.credentials` (what
a channel key holds, typed). Adding a channel adds these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Protocol
from uuid import UUID

import aiohttp

from shared.credentials.base import Credentials
from shared.domain import content, outcome
from shared.domain.content import JsonObject
from shared.domain.receipts import Receipt


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file that travels in the message itself."""

    name: str
    media_type: str
    location: str
    """Where its bytes are kept, for :mod:`shared.storage`."""


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
    attachments: tuple[Attachment, ...] = ()
    """The files that an email carries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds granted to the steps of a provider call. Before the request has left, running out means *not sent*."""

    connect: float = 5.0
    read: float = 20.0
    write: float = 10.0
    pool: float = 5.0


class Wires(Protocol):
    """The connections of the process, shared by all adapters; a channel that is not spoken to over HTTP keeps its own."""

    @property
    def http(self) -> aiohttp.ClientSession:
        """The HTTP connections, which keep :attr:`timeouts` of themselves."""

    @property
    def timeouts(self) -> Timeouts:
        """The limits every call keeps."""

    def __hash__(self) -> int:
        """Tell these connections from others, for what is kept per connections."""


Finding = outcome.NotSent | outcome.Unknown | None
"""What came of a probe: ``None`` when the sender can send. An outcome with ``Action.KEY`` says that it cannot; any other leaves it
open, as for a provider that is out of reach."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a provider's webhook says of one message."""

    delivery_id: UUID | None
    """The delivery, where the provider gives back the id that came with the message."""
    provider_message_id: str
    receipt: Receipt
    refusal: outcome.NotSent | None = None
    """Why it failed, if it did."""
    bare_id: str | None = None
    """The part of the id that is the same however the provider writes the chat that it puts before it."""
    spellings: tuple[str, ...] = ()
    """Other ways in which the provider may have written the whole id when it took the message."""
    raw: JsonObject | None = None
    """The webhook reduced to this status, where customers get the provider's own shape."""

    def names(self, message_id: str) -> bool:
        """Tell whether that is the message's id, in whatever spelling."""
        return message_id == self.provider_message_id or (self.bare_id is not None and self.bare_id in message_id.split("_"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """A message from a person to one of our senders."""

    provider_message_id: str
    address: str
    """Who wrote, in the channel's canonical form."""
    at: datetime
    """When, by the provider's clock."""
    kind: str
    """The provider's own type: ``text``, ``image``, ``interactive`` and so on."""
    text: str | None = None
    """What was written, or the caption; of a tapped button its title."""
    name: str | None = None
    """What the person calls itself."""
    sender: str | None = None
    """The provider's id of the sender it was written to, where one webhook serves several (Meta's ``phone_number_id``)."""
    raw: JsonObject | None = None
    """The webhook reduced to this message, where customers get the provider's own shape."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """That a person wants no messages of a sender, or wants them again, said by other means than a message."""

    address: str
    at: datetime
    wants: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The state of a device, as its gateway reports it."""

    connected: bool
    at: datetime
    """Since when, by the gateway's clock."""
    name: str
    """What the gateway calls it: it may tell one address of all its devices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """All that one webhook says."""

    reports: tuple[Report, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    wishes: tuple[Wish, ...] = ()
    session: Session | None = None
    numbers: Mapping[str, str] = field(default_factory=dict)
    """The senders it tells of: the number of each, in digits, by the provider's id of it."""
    templates: bool = False
    """Whether templates of the sender's account have changed at the provider."""


class Absence(Enum):
    """Why a look-up did not find a message. Neither says that it was not sent."""

    SO_FAR = auto()
    """The provider does not know it, or could not be asked: it may another time."""
    FOR_GOOD = auto()
    """Messages of this key cannot be looked up."""


class Adapter(Protocol):
    """A channel. Adapters keep no state per delivery and are shared by all tasks of a process."""

    credentials: type[Credentials]

    look_up_after: float | None
    """Seconds after which an unknown delivery is first looked up at the provider; ``None`` where it cannot be found again."""

    async def send(self, envelope: Envelope, credentials: Any, wires: Wires) -> outcome.Outcome:
        """Make one call. Never raises for what a provider, a network or a content can do: that is the outcome.

        ``credentials`` is an instance of :attr:`credentials`. What is raised all the same is our own bug.
        """

    async def probe(self, credentials: Any, wires: Wires) -> Finding:
        """Ask the provider whether the sender can send, without sending anything. Never raises, as :meth:`send`."""

    async def look_up(self, delivery_id: UUID, target: str, credentials: Any, wires: Wires) -> outcome.Sent | Absence:
        """Ask the provider for the message of a delivery whose outcome is unknown. Never raises, as :meth:`send`.

        ``target`` is the recipient's canonical address.
        """

    async def close(self) -> None:
        """Close the connections the adapter keeps beyond :class:`Wires`."""
