"""From suppressions as they stand to their resources on the wire."""

from typing import Any

from shared import ids
from shared.domain.times import rfc3339
from shared.management.suppressions import Suppression


def suppression(found: Suppression) -> dict[str, Any]:
    """Give a suppression."""
    return {
        "id": ids.encode(ids.SUPPRESSION, found.id),
        "object": "suppression",
        "channel": found.channel,
        "address": found.address,
        "reason": found.reason,
        "created_at": rfc3339(found.created_at),
        "expires_at": None if found.expires_at is None else rfc3339(found.expires_at),
    }


def removed(found: Suppression) -> dict[str, Any]:
    """Give what is left of a suppression."""
    return {"id": ids.encode(ids.SUPPRESSION, found.id), "object": "suppression", "deleted": True}
