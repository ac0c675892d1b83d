"""Reading an email: what it says, and whose it is."""

import re
from email import message_from_bytes, policy
from uuid import UUID

_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\s]+>)", re.IGNORECASE | re.MULTILINE)
_DELIVERY = re.compile(r"<([0-9a-f]{32})@", re.IGNORECASE)


def body(raw: bytes) -> str:
    """Give the subject and the text as one string; HTML stands where no plain text does."""
    message = message_from_bytes(raw, policy=policy.default)
    part = message.get_body(("plain", "html"))
    text = part.get_content() if part is not None else ""
    return f"{message['subject'] or ''}\n\n{text}".strip()


def message_id(raw: bytes) -> str | None:
    """Give the Message-ID with its angle brackets."""
    match = _MESSAGE_ID.search(raw.partition(b"\r\n\r\n")[0])
    return match[1].decode("ascii", "replace") if match else None


def delivery_id(raw: bytes) -> str | None:
    """Give antar's id when the Message-ID is one: 32 hex digits before the ``@``."""
    match = _DELIVERY.match(message_id(raw) or "")
    return str(UUID(match[1])) if match else None
