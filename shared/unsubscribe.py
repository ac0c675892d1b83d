"""Links with which a recipient stops further email: an opaque token that names a delivery and cannot be forged."""

import base64
import binascii
import hashlib
import hmac
from typing import Final
from uuid import UUID

from shared import settings, vault

_PURPOSE: Final = b"antar unsubscribe"
_ID_BYTES: Final = 16
_MAC_BYTES: Final = 16


def url(delivery_id: UUID) -> str:
    """Give the link for a delivery; it takes a POST (RFC 8058) and shows a page to a person."""
    keys = vault.get()
    token = delivery_id.bytes + _mac(keys.keys[keys.active], delivery_id)
    return f"{settings.get().public_url}/unsubscribe/{base64.urlsafe_b64encode(token).decode().rstrip('=')}"


def delivery(token: str) -> UUID | None:
    """Read a link's token, made under any key this process still has; ``None`` when it is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _ID_BYTES + _MAC_BYTES:
        return None
    delivery_id = UUID(bytes=raw[:_ID_BYTES])
    genuine = any(hmac.compare_digest(raw[_ID_BYTES:], _mac(key, delivery_id)) for key in vault.get().keys.values())
    return delivery_id if genuine else None


def _mac(key: bytes, delivery_id: UUID) -> bytes:
    """Sign for this purpose alone, so that the key's other uses learn nothing from it."""
    derived = hmac.digest(key, _PURPOSE, hashlib.sha256)
    return hmac.digest(derived, delivery_id.bytes, hashlib.sha256)[:_MAC_BYTES]
