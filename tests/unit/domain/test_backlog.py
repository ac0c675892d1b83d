"""When new sends are refused, until when, and for how long a client is told to wait."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import backlog
from shared.domain.backlog import Reading, Refusal

_MOST = 1000


def _follow(*waiting: int, every: float = 2.0) -> list[Refusal | None]:
    """Judge readings, each so many seconds after the one before."""
    told: list[Refusal | None] = []
    for number, count in enumerate(waiting):
        told.append(backlog.judge(told[-1] if told else None, Reading(waiting=count, at=number * every), _MOST))
    return told


def _refused(*waiting: int) -> list[bool]:
    return [each is not None for each in _follow(*waiting)]


@pytest.mark.parametrize(
    ("waiting", "refused"),
    [
        ([0, 500, 999], [False, False, False]),
        ([999, 1000], [False, True]),
        ([5000], [True]),
        ([1000, 999, 901], [True, True, True]),
        ([1000, 901, 900, 999], [True, True, False, False]),
        ([1000, 0, 1000], [True, False, True]),
    ],
)
def test_sends_are_refused_from_the_bound_on_until_a_tenth_of_it_is_gone(waiting: list[int], refused: list[bool]) -> None:
    assert _refused(*waiting) == refused


@pytest.mark.parametrize(("most", "resumes"), [(1, 0), (2, 1), (9, 8), (10, 9), (25, 23), (500_000, 450_000)])
def test_also_the_smallest_bound_opens_again(most: int, resumes: int) -> None:
    assert backlog.resumes_at(most) == resumes


@pytest.mark.parametrize(
    ("waiting", "seconds"),
    [
        ([1000], 10),  # Nothing is known yet.
        ([1000, 1000], 60),  # Nothing drains.
        ([1000, 1200], 60),  # It still grows.
        ([1000, 980], 8),  # 10 a second, and 80 too many.
        ([1000, 980, 960], 6),
        ([1100, 1000, 910], 2),  # About 50 a second and 10 too many: no sooner than it is looked at again.
        ([1000, 999], 60),  # Half a one a second: sooner than it will take, since workers may come back.
        ([1000, 1000, 1000, 980], 8),  # The rate since it began to drain: they were gone before.
    ],
)
def test_a_client_is_told_how_long_the_backlog_takes(waiting: list[int], seconds: int) -> None:
    last = _follow(*waiting)[-1]
    assert last is not None
    assert last.retry_after == seconds


@given(st.lists(st.integers(0, 3 * _MOST), min_size=2), st.floats(0.01, 100))
def test_whatever_the_backlog_does_the_verdict_follows_from_it(waiting: list[int], every: float) -> None:
    told = _follow(*waiting, every=every)
    for count, (before, now) in zip(waiting[1:], pairwise(told), strict=True):
        assert now is not None or count < _MOST
        assert now is None or count > backlog.resumes_at(_MOST)
        assert now is None or before is not None or count >= _MOST
        assert now is None or 2 <= now.retry_after <= 60
