"""Messages between processes over Redis pub/sub: hints that save waiting, never the only way to learn a thing."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from redis.exceptions import RedisError

from shared import redis_clients, settings

_PATIENCE: Final = 3.0
"""Seconds to reach Redis."""

REVOKED: Final = "antar:revoked"
"""A token was revoked or replaced, or an account changed: forget what is cached of tokens, those of channel keys too."""


class Unheard(Exception):
    """Redis is away: the api processes go by what they know until they have forgotten it by themselves."""


def announce_revoked() -> None:
    """Tell the api processes after the commit, so that none reads back what was. Raises :class:`Unheard`."""
    try:
        with redis_clients.connect(settings.get().signals, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE) as client:
            client.publish(REVOKED, b"")
    except (RedisError, OSError, ValueError) as error:
        raise Unheard from error


def settled_channel(waiter: str) -> str:
    """Name the channel on which an api process hears of the sends it waits for."""
    return f"antar:settled:{waiter}"


def pack(send_ids: Iterable[UUID]) -> bytes:
    """Write ids side by side, 16 bytes each."""
    return b"".join(identifier.bytes for identifier in send_ids)


def unpack(payload: bytes) -> list[UUID]:
    """Read what :func:`pack` wrote."""
    return [UUID(bytes=payload[start : start + 16]) for start in range(0, len(payload) - 15, 16)]
