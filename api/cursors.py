"""Where a page ends, as text that means nothing to its holder and only continues the search it came from.

A cursor is the id of the last item with a digest of it, of the account and of the filters. It needs no secret: whoever makes one
up reaches no more than his own sends from some id on.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

_ID_BYTES: Final = 16
_DIGEST_BYTES: Final = 14
"""With the id 30 bytes: 40 characters of base64 without padding."""


def encode(last_id: UUID, search: Sequence[str | None]) -> str:
    """Write a cursor for what follows ``last_id`` in a search, which is given by all that makes it what it is."""
    return base64.urlsafe_b64encode(last_id.bytes + _digest(last_id, search)).decode()


def decode(cursor: str, search: Sequence[str | None]) -> UUID | None:
    """Read what :func:`encode` wrote for the same search; ``None`` when it is anything else."""
    try:
        packed = base64.urlsafe_b64decode(cursor)
    except ValueError:
        return None
    if len(packed) < _ID_BYTES:
        return None
    last_id = UUID(bytes=packed[:_ID_BYTES])
    return last_id if encode(last_id, search) == cursor else None


def _digest(last_id: UUID, search: Sequence[str | None]) -> bytes:
    return hashlib.blake2b(json.dumps([last_id.hex, *search]).encode(), digest_size=_DIGEST_BYTES).digest()
