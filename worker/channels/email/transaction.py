"""One SMTP transaction, driven command by command so that it is always known whether the message is under way."""

import asyncio
import re

import aiosmtplib

from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Trace
from worker.channels.answers import words
from worker.channels.base import Timeouts
from worker.channels.email import errors
from worker.channels.email.connections import Pool
from worker.channels.email.message import Letter
from worker.channels.email.replies import Command, Reply

_GO_AHEAD = 354
_UNAVAILABLE = 421
_ACCEPTED = range(200, 300)
_REFUSED = range(400, 600)

_FULL_POOL = NotSent(
    code=Code.CONNECTION_FAILED,
    reason="all connections to the mail server stayed busy",
    action=Action.RETRY,
    trace=Trace(request="SMTP session"),
)


def _dotted(octets: bytes) -> bytes:
    """Double every leading dot and end with the lone one (RFC 5321, section 4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", octets) + b".\r\n"


def _mail_options(client: aiosmtplib.SMTP, letter: Letter) -> list[str]:
    options = [f"SIZE={len(letter.octets)}"] if client.supports_extension("size") else []
    if letter.needs_smtputf8:
        if not client.supports_extension("smtputf8"):
            raise errors.UnfitServerError("the mail server does not take internationalised addresses")
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    return options


async def _mail(client: aiosmtplib.SMTP, letter: Letter) -> None:
    await client.mail(letter.sender, options=_mail_options(client, letter), encoding="utf-8")


async def _still_takes(client: aiosmtplib.SMTP, letter: Letter) -> bool:
    """Begin on a connection used before; ``False`` when it turns out dead, which loses nothing."""
    try:
        await client.rset()
        await _mail(client, letter)
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
        return False
    except aiosmtplib.SMTPResponseException as refusal:
        if refusal.code != _UNAVAILABLE and isinstance(refusal, aiosmtplib.SMTPSenderRefused):
            raise
        return False
    return True


class Transaction:
    """The way of one letter over one connection, which goes back to the pool when both sides know where they stand."""

    def __init__(self, pool: Pool, letter: Letter, timeouts: Timeouts) -> None:
        self._pool = pool
        self._letter = letter
        self._timeouts = timeouts
        self._client: aiosmtplib.SMTP | None = None
        self._between_commands = False

    async def run(self) -> Outcome:
        """Deliver the letter."""
        try:
            protocol = await self._prepare()
        except (aiosmtplib.SMTPException, errors.UnusableServerError, errors.UnfitServerError, OSError) as error:
            outcome = errors.outcome_before_the_message(error)
            self._between_commands = outcome.trace is not None and outcome.trace.status in _REFUSED
            return outcome
        return await self._confirmed(protocol)

    async def _prepare(self) -> aiosmtplib.protocol.SMTPProtocol:
        """Go on until the server waits for the message, and hand it over."""
        async with asyncio.timeout(self._timeouts.connect + self._timeouts.read):
            client = await self._begin()
            await client.rcpt(self._letter.recipient, encoding="utf-8")
            reply = await client.execute_command(b"DATA")
        if reply.code != _GO_AHEAD:
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)
        protocol = client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("lost before the message")
        protocol.write(_dotted(self._letter.octets))
        return protocol

    async def _begin(self) -> aiosmtplib.SMTP:
        """Have the sender accepted, on a new connection when the one at hand is dead."""
        self._client = self._pool.take_idle()
        if self._client is None or not await _still_takes(self._client, self._letter):
            self._drop()
            self._client = await self._pool.open(self._timeouts)
            await _mail(self._client, self._letter)
        return self._client

    async def _confirmed(self, protocol: aiosmtplib.protocol.SMTPProtocol) -> Outcome:
        """Wait for the server to take the message over. Only its reply says so."""
        try:
            code, text = await protocol.read_response(timeout=self._timeouts.write + self._timeouts.read)
        except (aiosmtplib.SMTPException, OSError) as error:
            return errors.outcome_after_the_message(error)
        self._between_commands = True
        return self._outcome(Reply(command=Command.DATA, code=code, message=text))

    def _outcome(self, reply: Reply) -> Outcome:
        if reply.code in _ACCEPTED:
            trace = Trace(request=reply.command, status=reply.code, provider_code=reply.enhanced)
            return Sent(provider_message_id=self._letter.message_id, detail={"reply": words(reply.message)}, trace=trace)
        if reply.code in _REFUSED:
            return errors.outcome_of_reply(reply)
        return errors.outcome_after_the_message(aiosmtplib.SMTPResponseException(reply.code, reply.message))

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()

    def release(self) -> None:
        """Give the connection back, or close it when a reply may still be on its way."""
        if self._between_commands and self._client is not None:
            self._pool.keep(self._client)
        else:
            self._drop()


async def deliver(pool: Pool, letter: Letter, timeouts: Timeouts) -> Outcome:
    """Deliver one letter over one of the pool's connections."""
    try:
        async with pool.slot(timeouts.pool):
            return await _deliver(pool, letter, timeouts)
    except TimeoutError:
        return _FULL_POOL


async def _deliver(pool: Pool, letter: Letter, timeouts: Timeouts) -> Outcome:
    transaction = Transaction(pool, letter, timeouts)
    try:
        return await transaction.run()
    finally:
        transaction.release()
