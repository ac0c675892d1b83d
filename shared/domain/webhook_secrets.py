"""The secrets that sign a subscription's webhooks: several while one takes over from another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

PREFIX: Final = "whsec_"
MOST: Final = 5
"""Secrets that sign side by side at the most: each makes every webhook's headers longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """One of them. Times are the database's."""

    id: str
    """``sec_...``."""
    secret: str
    """``whsec_...``: all of it, as UTF-8, is the key of the signature."""
    created_at: datetime
    expires_at: datetime | None = None
    """From when on it signs nothing; ``None`` until another takes over from it."""


def active(secrets: Sequence[Secret], now: datetime) -> tuple[Secret, ...]:
    """Give those that sign now, the oldest first."""
    return tuple(each for each in secrets if each.expires_at is None or each.expires_at > now)


def rotate(secrets: Sequence[Secret], new: Secret, overlap: timedelta) -> tuple[Secret, ...]:
    """Let a secret take over: the others sign for the ``overlap``, and not beyond what they were given before."""
    end = new.created_at + overlap
    ending = [replace(each, expires_at=min(end, each.expires_at or end)) for each in active(secrets, new.created_at)]
    return (*active(ending, new.created_at), new)


def dump(secrets: Sequence[Secret]) -> dict[str, Any]:
    """Write them as the JSON document that is encrypted."""
    return {"secrets": [_dump(each) for each in secrets]}


def _dump(each: Secret) -> dict[str, Any]:
    expires_at = None if each.expires_at is None else each.expires_at.isoformat()
    return {"id": each.id, "secret": each.secret, "created_at": each.created_at.isoformat(), "expires_at": expires_at}


def read(document: Mapping[str, Any]) -> tuple[Secret, ...]:
    """Read what :func:`dump` wrote."""
    return tuple(_read(each) for each in document["secrets"])


def _read(written: Mapping[str, Any]) -> Secret:
    times = {
        name: None if written[name] is None else datetime.fromisoformat(written[name]) for name in ("created_at", "expires_at")
    }
    return Secret(id=written["id"], secret=written["secret"], **times)  # type: ignore[arg-type]
