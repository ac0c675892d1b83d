"""Links with which a recipient stops further email: an opaque token that names a delivery and cannot be forged."""

import base64
import binascii
from typing import Final
from uuid import UUID

from shared import settings, vault

_PURPOSE: Final = b"antar unsubscribe"
_ID_BYTES: Final = 16


def url(delivery_id: UUID) -> str:
    """Give the link for a delivery; it takes a POST (RFC 8058) and shows a page to a person."""
    token = delivery_id.bytes + vault.sign(_PURPOSE, delivery_id.bytes)
    return f"{settings.get().public_url}/unsubscribe/{base64.urlsafe_b64encode(token).decode().rstrip('=')}"


def delivery(token: str) -> UUID | None:
    """Read a link's token, made under any key this process still has; ``None`` when it is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    said, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
    return UUID(bytes=said) if len(said) == _ID_BYTES and vault.is_signed(_PURPOSE, said, mac) else None
