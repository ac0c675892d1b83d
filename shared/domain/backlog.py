"""Whether more work is accepted while workers fall behind: judged by how much of it waits, as deliveries do of sends.

What was accepted waits durably, so that a backlog is no fault by itself. Its age is none either: one delivery that is stuck must
not close the intake for everybody. A backlog without a bound is one: who posts would fill the disk and be the last to learn of it.
"""

import math
from dataclasses import dataclass
from typing import Final

_GOES_BEFORE_MORE: Final = 10
"""One in so many of the bound must be gone before more is accepted again: else intake would open and close all the time."""
_UNKNOWN_YET: Final = 10
"""Seconds after which to try again, as long as nobody knows how fast the backlog drains."""
_SHORTEST: Final = 2
_LONGEST: Final = 60
"""Seconds that nobody is told to wait beyond: workers may be back, or more of them, before a slow backlog has drained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How much waits, and when it was counted."""

    waiting: int
    at: float
    """Seconds, by a clock that only goes forward."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """More work is refused."""

    since: Reading
    """The last reading before the backlog began to drain, from which its rate is reckoned."""
    retry_after: int
    """Seconds after which it has probably drained far enough."""


def resumes_at(most: int) -> int:
    """Give how many may wait at the most when more is accepted again."""
    return most - max(1, most // _GOES_BEFORE_MORE)


def judge(refusal: Refusal | None, reading: Reading, most: int) -> Refusal | None:
    """Say whether more is refused from a reading on; ``refusal`` is what was said before.

    It is from ``most`` on, and until no more than :func:`resumes_at` wait.
    """
    if refusal is None:
        return Refusal(since=reading, retry_after=_UNKNOWN_YET) if reading.waiting >= most else None
    if reading.waiting <= resumes_at(most):
        return None
    if reading.waiting >= refusal.since.waiting:
        return Refusal(since=reading, retry_after=_LONGEST)
    return Refusal(since=refusal.since, retry_after=_seconds(refusal.since, reading, resumes_at(most)))


def _seconds(since: Reading, now: Reading, enough: int) -> int:
    """Reckon how long it takes until no more than ``enough`` wait, at the rate at which the backlog has drained."""
    left = (now.waiting - enough) * (now.at - since.at) / (since.waiting - now.waiting)
    return min(_LONGEST, max(_SHORTEST, math.ceil(left)))
