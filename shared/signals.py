"""Messages between processes over Redis pub/sub: hints that save waiting, never the only way to learn a thing."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

REVOKED: Final = "antar:revoked"
"""An account token was revoked or an account changed: forget what is cached of tokens."""


def settled_channel(waiter: str) -> str:
    """Name the channel on which an api process hears of the sends it waits for."""
    return f"antar:settled:{waiter}"


def pack(send_ids: Iterable[UUID]) -> bytes:
    """Write ids side by side, 16 bytes each."""
    return b"".join(identifier.bytes for identifier in send_ids)


def unpack(payload: bytes) -> list[UUID]:
    """Read what :func:`pack` wrote."""
    return [UUID(bytes=payload[start : start + 16]) for start in range(0, len(payload) - 15, 16)]
