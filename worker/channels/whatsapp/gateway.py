"""What a device gateway is to the channel."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.outcome import Outcome, Sent
from worker.channels.base import Absence, Finding, Wires
from worker.channels.whatsapp.rendering import Rendering


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message for one chat."""

    id: UUID
    target: str
    """A number's digits, or the id of a group or of a person whose number WhatsApp hides."""
    content: Rendering

    def chat_id(self, domain: str) -> str:
        """Give the chat's id, as :func:`chat_id`."""
        return chat_id(self.target, domain)


def chat_id(target: str, domain: str) -> str:
    """Give a chat's id for a gateway that writes persons as ``<digits>@<domain>``."""
    return target if "@" in target else f"{target}@{domain}"


class Gateway(Protocol):
    """A device gateway; a module of this package each."""

    async def send(self, delivery: Delivery, credentials: WhatsappCredentials, wires: Wires) -> Outcome:
        """Make one call."""

    async def probe(self, credentials: WhatsappCredentials, wires: Wires) -> Finding:
        """Ask whether the device is connected."""

    async def look_up(self, delivery_id: UUID, target: str, credentials: WhatsappCredentials, wires: Wires) -> Sent | Absence:
        """Ask for the message of a delivery."""
