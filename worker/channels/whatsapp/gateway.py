"""What a device gateway is to the channel."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.domain.outcome import Outcome
from worker.channels.base import Wires
from worker.channels.whatsapp.credentials import WhatsappCredentials
from worker.channels.whatsapp.rendering import Rendering


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message for one chat."""

    id: UUID
    target: str
    """A number's digits, or the id of a group or of a person whose number WhatsApp hides."""
    content: Rendering

    def chat_id(self, domain: str) -> str:
        """Give the chat's id for a gateway that writes persons as ``<digits>@<domain>``."""
        return self.target if "@" in self.target else f"{self.target}@{domain}"


class Gateway(Protocol):
    """A device gateway; a module of this package each."""

    async def send(self, delivery: Delivery, credentials: WhatsappCredentials, wires: Wires) -> Outcome:
        """Make one call."""
