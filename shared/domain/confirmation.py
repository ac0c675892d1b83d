"""How far a message must get before its tier has succeeded: what a send asks for by ``until`` and ``within``.

Without it a tier has succeeded once a provider took a message. With it, only a receipt of that level in time is success; a
delivery that was sent and has none when its time is over counts as a tier's failure, and remains sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, Final

from shared.domain.receipts import Receipt, rank

LONGEST: Final = 604_800
"""Seconds that a receipt may be waited for: a week."""
HEARD_AT_LAST: Final = 30.0
"""Seconds past its time for which a delivery is not given up while a webhook that came in time has not been handled."""


class Level(StrEnum):
    """What is success."""

    SENT = "sent"
    """The provider took the message: what is success where nothing is asked for."""
    DELIVERED = "delivered"
    """It is on the recipient's device."""
    READ = "read"
    """The recipient has opened it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Until:
    """What a send wants before it leaves its later tiers alone."""

    level: Level
    within: int
    """Seconds from the moment the provider took the message."""


class Confirmation(Enum):
    """Whether a delivery that was sent has got as far as its send wants."""

    GIVEN = auto()
    """It has, or nothing is asked for."""
    AWAITED = auto()
    """Not yet; its time runs."""
    MISSING = auto()
    """Not in time."""


def is_over(seconds: float, *, unheard: bool) -> bool:
    """Tell whether the time of a delivery is over that has so many ``seconds`` left; ``unheard`` webhooks may still confirm it."""
    return seconds <= (-HEARD_AT_LAST if unheard else 0.0)


def read(document: Mapping[str, Any] | None) -> Until | None:
    """Read what :func:`dump` wrote; ``None`` when nothing is asked for."""
    return None if document is None else Until(level=Level(document["level"]), within=document["within"])


def dump(until: Until | None) -> dict[str, Any] | None:
    """Give the shape it is stored in."""
    return None if until is None else {"level": until.level.value, "within": until.within}


def missing(until: Until) -> str:
    """Say that a delivery did not get as far as its send wants."""
    return f"not {until.level} within {until.within} s"


_PROOFS: Final = {Level.DELIVERED: Receipt.DELIVERED, Level.READ: Receipt.READ}


def is_met(level: Level, receipt: Receipt | None) -> bool:
    """Tell whether a delivery that was sent, and of which this is known, is a success."""
    if level is Level.SENT:
        return True
    return receipt is not None and rank(receipt) >= rank(_PROOFS[level])
