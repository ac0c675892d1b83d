"""A customer's own check of a signature, written from the contract alone."""

import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE = 300
"""Seconds."""


def is_valid(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Tell whether a webhook is the sender's, and not an old one."""
    parts = [part.split("=", 1) for part in headers["X-Kirim-Signature"].split(",")]
    (moment,) = [value for name, value in parts if name == "t"]
    expected = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    fresh = abs(now - int(moment)) <= TOLERANCE
    return fresh and any(hmac.compare_digest(value, expected) for name, value in parts if name == "v1")
