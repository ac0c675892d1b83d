"""Links under which anybody can fetch a file for a while: providers fetch what a message carries, and have no account."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from shared import settings, vault
from shared.domain.files import File

_PURPOSE: Final = b"antar file link"
_ID_BYTES: Final = 16
_TIME_BYTES: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where a file can be fetched, and until when."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """What a genuine token says."""

    file_id: UUID
    expires_at: datetime


def make(file: File, now: datetime) -> Link:
    """Make a link that works for ``ANTAR_FILE_LINK_SECONDS`` from ``now`` on, by the database's clock."""
    expires_at = now.replace(microsecond=0) + timedelta(seconds=settings.get().file_link_seconds)
    url = f"{settings.get().public_url}/files/{token(file.id, expires_at)}/{quote(file.name, safe='')}"
    return Link(url=url, expires_at=expires_at)


def token(file_id: UUID, expires_at: datetime) -> str:
    """Name a file and a time, in whole seconds, so that nobody else can."""
    said = file_id.bytes + int(expires_at.timestamp()).to_bytes(_TIME_BYTES, "big")
    return _written(said + vault.sign(_PURPOSE, said))


def read(token: str) -> Claimed | None:
    """Read a token, made under any key this process still has; ``None`` when it is not one of ours. It may have expired."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    said, mac = raw[: -vault.MAC_BYTES], raw[-vault.MAC_BYTES :]
    if len(said) != _ID_BYTES + _TIME_BYTES or _written(raw) != token or not vault.is_signed(_PURPOSE, said, mac):
        return None
    seconds = int.from_bytes(said[_ID_BYTES:], "big")
    return Claimed(file_id=UUID(bytes=said[:_ID_BYTES]), expires_at=datetime.fromtimestamp(seconds, UTC))


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
