"""A message to a mailbox, over SMTP submission."""

from datetime import UTC, datetime
from uuid import UUID

from shared.domain.content import EmailBody
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent
from worker.channels import base
from worker.channels.email import message, rehearsal, transaction
from worker.channels.email.connections import Pools
from worker.channels.email.credentials import EmailCredentials

_UNSUPPORTED = NotSent(code=Code.CONTENT_UNSUPPORTED, reason="email takes email templates only", action=Action.PERMANENT)


class EmailAdapter:
    """The channel ``email``."""

    credentials: type[base.Credentials] = EmailCredentials
    look_up_after: float | None = None

    def __init__(self, pools: Pools | None = None) -> None:
        self._pools = pools or Pools()

    async def send(self, envelope: base.Envelope, credentials: EmailCredentials, wires: base.Wires) -> Outcome:
        """Send one message to one recipient."""
        if not isinstance(envelope.content, EmailBody):
            return _UNSUPPORTED
        letter = message.compose(envelope, envelope.content, credentials, datetime.now(UTC))
        return await transaction.deliver(self._pools.get(credentials), letter, wires.timeouts)

    async def probe(self, credentials: EmailCredentials, wires: base.Wires) -> base.Finding:
        """Log in, and name the sender."""
        return await rehearsal.rehearse(self._pools.get(credentials), credentials.from_address, wires.timeouts)

    async def look_up(
        self, delivery_id: UUID, target: str, credentials: EmailCredentials, wires: base.Wires
    ) -> Sent | base.Absence:
        """Find nothing: SMTP has no look-up, and an email may be sent again."""
        del delivery_id, target, credentials, wires
        return base.Absence.FOR_GOOD

    async def close(self) -> None:
        """Take leave of every mail server."""
        await self._pools.close()


def build() -> EmailAdapter:
    """Make the process's adapter."""
    return EmailAdapter()
