"""Moments as text: written in one form only, read in the forms that callers use."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

_UNIX_SECONDS: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC to the millisecond, as ``2026-01-02T03:04:05.678Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse(text: str) -> datetime | None:
    """Read unix seconds or ISO 8601, which is UTC unless it says otherwise; ``None`` when it is neither."""
    try:
        if _UNIX_SECONDS.fullmatch(text):
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_zone(name: str) -> bool:
    """Tell whether this is the name of an IANA time zone."""
    return name in _zones()


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
