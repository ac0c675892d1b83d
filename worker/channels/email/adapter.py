"""A message to a mailbox, over SMTP submission."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from shared.credentials.base import Credentials
from shared.credentials.email import EmailCredentials
from shared.domain.content import EmailBody
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent
from worker.channels import base
from worker.channels.email import attachments, message, rehearsal, transaction
from worker.channels.email.connections import Pools

_UNSUPPORTED = NotSent(code=Code.CONTENT_UNSUPPORTED, reason="email takes email templates only", action=Action.PERMANENT)
_CROWDED = NotSent(code=Code.CONNECTION_FAILED, reason="too many emails with attachments at once", action=Action.RETRY)
_LARGE_AT_ONCE = 4
"""Emails with attachments that a process holds: each takes about four times the bytes of its files."""


class EmailAdapter:
    """The channel ``email``."""

    credentials: type[Credentials] = EmailCredentials
    look_up_after: float | None = None

    def __init__(self, pools: Pools | None = None) -> None:
        self._pools = pools or Pools()
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def send(self, envelope: base.Envelope, credentials: EmailCredentials, wires: base.Wires) -> Outcome:
        """Send one message to one recipient."""
        if not isinstance(envelope.content, EmailBody):
            return _UNSUPPORTED
        if envelope.attachments:
            return await self._send_with_files(envelope, envelope.content, credentials, wires)
        letter = message.compose(envelope, envelope.content, credentials, datetime.now(UTC))
        return await transaction.deliver(self._pools.get(credentials), letter, wires.timeouts)

    async def _send_with_files(
        self, envelope: base.Envelope, body: EmailBody, credentials: EmailCredentials, wires: base.Wires
    ) -> Outcome:
        """Send a large message: few are held in memory at once, and none is put together where others wait for it."""
        try:
            async with asyncio.timeout(wires.timeouts.read):
                await self._large.acquire()
        except TimeoutError:
            return _CROWDED
        try:
            attached = await attachments.read(envelope.attachments)
            if isinstance(attached, NotSent):
                return attached
            letter = await asyncio.to_thread(message.compose, envelope, body, credentials, datetime.now(UTC), attached)
            return await transaction.deliver(self._pools.get(credentials), letter, wires.timeouts)
        finally:
            self._large.release()

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
