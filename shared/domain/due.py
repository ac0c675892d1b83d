"""Deliveries that may be claimed from some moment on."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

AT_ONCE: Final = -math.inf
"""A moment that has come, whatever the clock says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A delivery to be published, perhaps ahead of its time."""

    id: UUID
    queue: str
    at: float
    """When it may be claimed, on this process's monotonic clock: reckoned from the database's, whatever the wall clock says."""


def together(deliveries: Iterable[Due]) -> Mapping[tuple[float, str], list[UUID]]:
    """Group what can share tasks, by moment and queue, the earliest first."""
    groups: dict[tuple[float, str], list[UUID]] = defaultdict(list)
    for delivery in sorted(deliveries, key=lambda each: (each.at, each.queue)):
        groups[delivery.at, delivery.queue].append(delivery.id)
    return groups
