"""When posts arrive, and who is measured first."""

import random
from collections.abc import Sequence
from itertools import accumulate, repeat, takewhile
from typing import TypeVar

_T = TypeVar("_T")


def poisson(rate: float, seconds: float, seed: int) -> list[float]:
    """Give arrivals that know nothing of one another, ``rate`` a second on average: the second of each, from 0 on."""
    draw = random.Random(seed).expovariate  # noqa: S311 - a load, no secret.
    return list(takewhile(lambda moment: moment < seconds, accumulate(draw(rate) for _ in repeat(None))))


def rotated(subjects: Sequence[_T], run: int) -> list[_T]:
    """Give the subjects in the order of a run, so that each is measured first as often as the others."""
    turn = run % len(subjects) if subjects else 0
    return [*subjects[turn:], *subjects[:turn]]
