"""From an email body to the bytes on the wire, without any I/O.

No ``Auto-Submitted`` is set: what is sent on a person's order, such as an invoice, may be answered, and only the customer knows.
"""

import email.utils
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any
from uuid import UUID

import dkim
import inscriptis

from shared.credentials.email import Dkim, EmailCredentials
from shared.domain.content import EmailBody
from worker.channels.base import Envelope
from worker.channels.email.attachments import Attached

_NOT_PRINTED = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_MESSAGE_ID = re.compile(r"<?([0-9a-f]{32})@[^<>@\s]+>?")

_SIGNED_HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A message with its envelope, ready for one SMTP transaction."""

    sender: str
    recipient: str
    message_id: str
    """With its angle brackets."""
    octets: bytes
    """Header and body, signed; every line ends in CRLF."""

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the recipient's local part can be said in UTF-8 only (RFC 6531)."""
        return not self.recipient.isascii()


class _Policy(EmailPolicy):
    """SMTP's line ends and 7-bit bodies; unlike the standard one it leaves a long URL readable by machines."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Keep ``List-Unsubscribe`` as it is: a line may have 998 octets, and encoded words mean nothing there."""
        if name == "List-Unsubscribe":
            return f"{name}: {value}\r\n".encode()
        return super().fold_binary(name, value)


def message_id(delivery_id: UUID, sender: str) -> str:
    """Name the message after its delivery, so that a repeat bears the same ``Message-ID``."""
    return f"<{delivery_id.hex}@{sender.rpartition('@')[2]}>"


def delivery_id(message_id: str) -> UUID | None:
    """Find the delivery a ``Message-ID`` names, for example in a bounce; ``None`` when it is not one of ours."""
    found = _MESSAGE_ID.fullmatch(message_id.strip())
    return UUID(hex=found[1]) if found else None


def _address(address: str, name: str | None = None) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name or "", username=local, domain=domain)


def _unsubscribing(url: str | None) -> dict[str, str]:
    """Give the two headers of a one-click unsubscription (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url else {}


def _headers(envelope: Envelope, body: EmailBody, credentials: EmailCredentials, now: datetime) -> dict[str, Any]:
    return {
        "Date": email.utils.format_datetime(now),
        "From": _address(credentials.from_address, credentials.from_name),
        "To": _address(envelope.target),
        "Subject": _NOT_PRINTED.sub(" ", body.subject).strip(),
        "Message-ID": message_id(envelope.delivery_id, credentials.from_address),
        **_unsubscribing(envelope.unsubscribe_url),
    }


def _plain_text(body: EmailBody) -> str:
    """Give the template's own plain text, or the HTML as a text browser would show it."""
    return inscriptis.get_text(body.html) if body.text is None else body.text


def build(
    envelope: Envelope, body: EmailBody, credentials: EmailCredentials, now: datetime, attached: Iterable[Attached] = ()
) -> EmailMessage:
    """Build the message: plain text and HTML as alternatives, and files beside them. ``now`` knows its time zone."""
    message = EmailMessage(policy=_Policy(linesep="\r\n", cte_type="7bit", utf8=not envelope.target.isascii()))
    for name, value in _headers(envelope, body, credentials, now).items():
        message[name] = value
    message.set_content(_plain_text(body))
    message.add_alternative(body.html, subtype="html")
    for each in attached:
        maintype, _, subtype = each.media_type.partition("/")
        message.add_attachment(each.octets, maintype=maintype, subtype=subtype, filename=each.name)
    return message


def _signature(octets: bytes, present: list[str], key: Dkim) -> bytes:
    header: bytes = dkim.sign(
        octets,
        key.selector.encode(),
        key.domain.encode(),
        key.private_key.get_secret_value().encode(),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name.encode() for name in _SIGNED_HEADERS if name in present],
    )
    return header


def compose(
    envelope: Envelope, body: EmailBody, credentials: EmailCredentials, now: datetime, attached: Iterable[Attached] = ()
) -> Letter:
    """Build the message and put it into its final form, signed when the key says so (rsa-sha256, RFC 6376)."""
    message = build(envelope, body, credentials, now, attached)
    octets = message.as_bytes()
    signature = _signature(octets, message.keys(), credentials.dkim) if credentials.dkim else b""
    return Letter(
        sender=credentials.from_address,
        recipient=envelope.target,
        message_id=str(message["Message-ID"]),
        octets=signature + octets,
    )
