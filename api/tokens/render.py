"""From tokens as they stand to their resources on the wire."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared import ids
from shared.domain.times import rfc3339
from shared.management.tokens import Token


def token(found: Token, current: UUID) -> dict[str, Any]:
    """Give what is shown of a token; ``current`` is the id of the one that asks."""
    return {
        "id": ids.encode(ids.TOKEN, found.id),
        "object": "token",
        "prefix": found.prefix,
        "last4": found.last4,
        "label": found.label,
        "bound_key": None if found.bound_key_id is None else ids.encode(ids.KEY, found.bound_key_id),
        "current": found.id == current,
        "created_at": rfc3339(found.created_at),
        "expires_at": _time(found.expires_at),
        "revoked_at": _time(found.revoked_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
