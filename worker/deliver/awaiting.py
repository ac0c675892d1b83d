"""The deliveries whose receipts are waited for, among those that were just sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from shared import settings

Wanted = Mapping[UUID, Mapping[str, Any]]
"""What sends want of their messages by ``level`` and ``within``, by their ids; one that wants nothing is not in it."""

_INTERVALS = 1.5
"""How many intervals of promotion are published ahead, so that a run which is late misses nothing."""


def wanted(sends: Iterable[Any]) -> dict[UUID, Mapping[str, Any]]:
    """Tell what locked sends want."""
    return {send.id: send.until for send in sends if send.until is not None}


def soon(rows: Iterable[Any], wanted: Wanted) -> dict[float, tuple[UUID, ...]]:
    """Give the deliveries, of those just written, whose time is over before promotion finds them, by the seconds until then."""
    found: dict[float, tuple[UUID, ...]] = defaultdict(tuple)
    for row in rows:
        if row.awaited and wanted[row.send_id]["within"] <= ahead():
            found[float(wanted[row.send_id]["within"])] += (row.id,)
    return dict(found)


def ahead() -> float:
    """Give how many seconds ahead the end of a delivery's time is published."""
    current = settings.get()
    return min(_INTERVALS * current.promote_interval, current.horizon_seconds)
