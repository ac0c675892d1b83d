"""From contacts as they stand to their resources on the wire."""

from datetime import datetime
from typing import Any

from shared.domain.times import rfc3339
from shared.management.address_book import Contact


def contact(found: Contact) -> dict[str, Any]:
    """Give a contact."""
    return {
        "id": found.id,
        "object": "contact",
        "channel": found.channel,
        "address": found.address,
        "name": found.name,
        "email": found.email,
        "opted_out": found.opted_out,
        "opted_out_at": _time(found.opted_out_at),
        "opted_in_at": _time(found.opted_in_at),
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }


def deleted(identifier: int) -> dict[str, Any]:
    """Give what is left of a contact."""
    return {"id": identifier, "object": "contact", "deleted": True}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
