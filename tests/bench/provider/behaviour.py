"""How the stand-in behaves, and what it counts: the JSON that its owner and it exchange."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

BEHAVIOUR_PATH: Final = "/_bench/behaviour"
"""A PUT sets the behaviour."""
COUNTS_PATH: Final = "/_bench/counts"
"""A GET gives the counts, a PUT begins them anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """What becomes of a call."""

    shortest_ms: float = 0.0
    longest_ms: float = 0.0
    """A call is answered after a time between these two, each as likely as the others."""
    refused: Sequence[str] = ()
    """The channels that refuse every message for good."""
    held: bool = False
    """Whether no call is answered for now; its time begins when this ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What was called."""

    accepted: Mapping[str, int] = field(default_factory=dict)
    """Messages that were taken, by channel."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Messages that were refused, by channel."""
    recipients: Mapping[str, int] = field(default_factory=dict)
    """Different recipients that messages were taken for, by channel."""
    in_flight: int = 0
    """Calls that wait for their answer now."""


def constant(milliseconds: float, refused: Sequence[str] = ()) -> Behaviour:
    """Give the behaviour that answers every call after the same time."""
    return Behaviour(shortest_ms=milliseconds, longest_ms=milliseconds, refused=refused)
