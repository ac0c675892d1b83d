"""A message to a mailbox, over SMTP submission."""

from datetime import UTC, datetime

from shared.domain.content import EmailBody
from shared.domain.outcome import Action, Code, NotSent, Outcome
from worker.channels import base
from worker.channels.email import message, transaction
from worker.channels.email.connections import Pools
from worker.channels.email.credentials import EmailCredentials

_UNSUPPORTED = NotSent(code=Code.CONTENT_UNSUPPORTED, reason="email takes email templates only", action=Action.PERMANENT)


class EmailAdapter:
    """The channel ``email``."""

    credentials: type[base.Credentials] = EmailCredentials

    def __init__(self, pools: Pools | None = None) -> None:
        self._pools = pools or Pools()

    async def send(self, envelope: base.Envelope, credentials: EmailCredentials, wires: base.Wires) -> Outcome:
        """Send one message to one recipient."""
        if not isinstance(envelope.content, EmailBody):
            return _UNSUPPORTED
        letter = message.compose(envelope, envelope.content, credentials, datetime.now(UTC))
        return await transaction.deliver(self._pools.get(credentials), letter, wires.timeouts)

    async def close(self) -> None:
        """Take leave of every mail server."""
        await self._pools.close()


def build() -> EmailAdapter:
    """Make the process's adapter."""
    return EmailAdapter()
