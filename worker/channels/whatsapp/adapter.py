"""A message to a WhatsApp chat, by a linked device."""

from typing import Final
from uuid import UUID

from shared.credentials.base import Credentials
from shared.credentials.whatsapp import GatewayName, WhatsappCredentials
from shared.domain.content import Message, Rendered
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent
from worker.channels import base
from worker.channels.whatsapp import rendering
from worker.channels.whatsapp.fonnte import Fonnte
from worker.channels.whatsapp.gateway import Delivery, Gateway
from worker.channels.whatsapp.gowa import Gowa
from worker.channels.whatsapp.waha import Waha

GATEWAYS: Final[dict[GatewayName, Gateway]] = {
    GatewayName.WAHA: Waha(),
    GatewayName.GOWA: Gowa(),
    GatewayName.FONNTE: Fonnte(),
}


class WhatsappAdapter:
    """The channel ``whatsapp``."""

    credentials: type[Credentials] = WhatsappCredentials
    look_up_after: float | None = 5.0

    async def send(self, envelope: base.Envelope, credentials: WhatsappCredentials, wires: base.Wires) -> Outcome:
        """Make one call to the gateway of the key."""
        ready = _ready(envelope.content)
        if isinstance(ready, NotSent):
            return ready
        delivery = Delivery(id=envelope.delivery_id, target=envelope.target, content=ready)
        return await GATEWAYS[credentials.gateway].send(delivery, credentials, wires)

    async def probe(self, credentials: WhatsappCredentials, wires: base.Wires) -> base.Finding:
        """Ask the gateway of the key about its device."""
        return await GATEWAYS[credentials.gateway].probe(credentials, wires)

    async def look_up(
        self, delivery_id: UUID, target: str, credentials: WhatsappCredentials, wires: base.Wires
    ) -> Sent | base.Absence:
        """Ask the gateway of the key for the message, where gateways take an id that antar chooses."""
        return await GATEWAYS[credentials.gateway].look_up(delivery_id, target, credentials, wires)

    async def close(self) -> None:
        """Keep nothing, close nothing."""


def _ready(content: Rendered) -> rendering.Rendering | NotSent:
    if not isinstance(content, Message):
        return _unsendable(Code.CONTENT_UNSUPPORTED, "a device sends messages only, not the templates of another channel")
    try:
        return rendering.render(content)
    except rendering.UnsendableError as error:
        return _unsendable(Code.CONTENT_INVALID, str(error))


def _unsendable(code: Code, reason: str) -> NotSent:
    return NotSent(code=code, reason=reason, action=Action.PERMANENT)


def build() -> WhatsappAdapter:
    """Make the process's adapter."""
    return WhatsappAdapter()
