"""SMTP submission: authentication, a size limit, and replies as Postfix words them.

A fault is matched when RCPT TO names its recipient. Refusals of the recipient, the rate, the credentials and the service
are answered there; what concerns the content or the connection happens when the message is complete. A credentials fault
without ``to`` already strikes at AUTH, and a hang without it at NOOP too, by which clients ask whether all is well.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from deploy.local.sandbox import accounts, mail
from deploy.local.sandbox.desk import CallerGoneError, Desk, Line
from deploy.local.sandbox.faults import REFUSALS, Fault, Kind
from deploy.local.sandbox.store import Message

SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes of a message."""

_USUAL_CODES = {
    Kind.RECIPIENT: "550 5.1.1",
    Kind.CONTENT: "554 5.7.1",
    Kind.CREDENTIALS: "535 5.7.8",
    Kind.DEVICE: "535 5.7.8",
    Kind.THROTTLE: "450 4.7.1",
    Kind.OUTAGE: "421 4.3.2",
}
_TEXTS = {
    Kind.RECIPIENT: "Recipient address rejected: user unknown",
    Kind.CONTENT: "Message refused as spam by content policy",
    Kind.CREDENTIALS: "Error: authentication failed",
    Kind.DEVICE: "Error: authentication failed",
    Kind.THROTTLE: "Error: too much mail",
    Kind.OUTAGE: "Service not available, closing transmission channel",
}
_TEXTS_OF_CODES = {
    "552 5.2.2": "Recipient address rejected: mailbox full",
    "452 4.2.2": "Recipient address rejected: mailbox full",
    "451 4.7.1": "Recipient address rejected: greylisted, try again later",
    "552 5.3.4": "Message size exceeds fixed limit",
    "550 5.7.26": "Unauthenticated email is not accepted due to the domain's DMARC policy",
}
_CLOSING = "421"
_CODES_AND_TEXT = 3


def reply(fault: Fault, to: str) -> str:
    """Word a fault as a reply; ``code`` is a reply code with its enhanced one, and may bring a text of its own."""
    code = fault.code or _USUAL_CODES[fault.kind]
    parts = code.split(" ", 2)
    if not (parts[0].isdigit() and "400" <= parts[0] <= "599"):
        raise ValueError("must begin with an SMTP reply code from 400 to 599")
    if len(parts) == _CODES_AND_TEXT:
        return code
    return f"{code} {f'<{to}>: ' if to else ''}{_TEXTS_OF_CODES.get(code, _TEXTS[fault.kind])}"


@dataclass(slots=True)
class _Transaction:
    """One message on its way in: when it began, and which fault each recipient met."""

    started_at: float = field(default_factory=time.time)
    faults: dict[str, Fault | None] = field(default_factory=dict)


class Handler:
    """The hooks of :class:`aiosmtpd.smtp.SMTP`, one for each connection."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._transaction = _Transaction()
        self._login_fault: Fault | None = None

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, login: LoginPassword) -> AuthResult:
        """Check a user name and a password. A fault lasts as long as the connection: clients try one mechanism after another."""
        self._login_fault = self._login_fault or self._desk.faults.strike_sender("email")
        if self._login_fault is not None:
            return AuthResult(success=False, handled=False, message=reply(self._login_fault, ""))
        if accounts.is_good(login.password.decode("utf-8", "replace")):
            return AuthResult(success=True, auth_data=login)
        return AuthResult(success=False, handled=False, message="535 5.7.8 Error: authentication failed")

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd looks for.
        self, _server: Any, session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Begin a transaction."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        self._transaction = _Transaction()
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 - likewise.
        self, server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        fault = self._desk.faults.strike("email", address)
        if fault is not None and fault.kind in REFUSALS - {Kind.CONTENT}:
            return await _say(server, reply(fault, address))
        self._transaction.faults[address] = fault
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - likewise.
        """Take or lose the message, for each of its recipients."""
        faults = self._transaction.faults
        refused = next((fault for fault in faults.values() if fault and fault.kind is Kind.CONTENT), None)
        if refused is not None:
            return await _say(server, reply(refused, ""))
        queue_id = uuid4().hex[:12].upper()
        try:
            await self._accept(server, session, envelope.original_content, queue_id)
        except CallerGoneError:
            await asyncio.Event().wait()  # The protocol cancels this task when it learns that its connection is closed.
        return f"250 2.0.0 Ok: queued as {queue_id}"

    async def handle_NOOP(self, _server: Any, _session: Any, _envelope: Any, _argument: str) -> str:  # noqa: N802 - likewise.
        """Show a sign of life, unless nothing is to be answered. Nobody says NOOP on the way to a message."""
        if self._desk.faults.hangs("email"):
            await asyncio.Event().wait()  # Ends as in handle_DATA.
        return "250 2.0.0 Ok"

    async def _accept(self, server: Any, session: Any, raw: bytes, queue_id: str) -> None:
        line = Line(server.transport, self._transaction.started_at)
        for to, fault in self._transaction.faults.items():
            message = _message(to, raw, session.auth_data.login.decode("utf-8", "replace"), queue_id, line.started_at)
            await self._desk.accept(message, fault, line)


async def _say(server: Any, text: str) -> str:
    """Give the reply, closing the connection after the one that announces it."""
    if text.startswith(_CLOSING):
        await server.push(text)
        server.transport.close()
        await asyncio.Event().wait()
    return text


def _message(to: str, raw: bytes, user: str, queue_id: str, started_at: float) -> Message:
    return Message(
        channel="email",
        provider="smtp",
        sender=user,
        to=to,
        type="email",
        body=None,
        raw=raw,
        delivery_id=mail.delivery_id(raw),
        provider_message_id=mail.message_id(raw) or queue_id,
        started_at=started_at,
    )


def protocol(desk: Desk, starttls: ssl.SSLContext | None = None) -> SMTP:
    """Make the protocol of one connection; with ``starttls`` nothing goes on before the client has upgraded."""
    handler = Handler(desk)
    return SMTP(
        handler,
        hostname="sandbox.example",
        ident="ESMTP antar sandbox",
        loop=asyncio.get_running_loop(),
        data_size_limit=SIZE_LIMIT,
        enable_SMTPUTF8=True,
        tls_context=starttls,
        require_starttls=starttls is not None,
        auth_require_tls=starttls is not None,
        authenticator=handler.authenticate,
    )
