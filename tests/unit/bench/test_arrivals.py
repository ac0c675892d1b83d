from collections import Counter
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench import arrivals


@settings(deadline=None)
@given(rate=st.floats(min_value=1, max_value=500), seconds=st.floats(min_value=0, max_value=5), seed=st.integers())
def test_arrivals_are_in_order_and_within_their_time(rate: float, seconds: float, seed: int) -> None:
    starts = arrivals.poisson(rate, seconds, seed)
    assert all(earlier <= later for earlier, later in pairwise([0, *starts, seconds]))


def test_arrivals_come_at_their_rate_and_know_nothing_of_one_another() -> None:
    starts = arrivals.poisson(rate=200, seconds=100, seed=7)
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert len(starts) / 100 == pytest.approx(200, rel=0.05)
    # Of exponential gaps a share of 1 - 1/e is below their mean; evenly spaced ones would all be at it.
    assert fmean(gap < 1 / 200 for gap in gaps) == pytest.approx(0.632, abs=0.02)


def test_same_run_has_the_same_arrivals() -> None:
    assert arrivals.poisson(50, 2, seed=3) == arrivals.poisson(50, 2, seed=3) != arrivals.poisson(50, 2, seed=4)


def test_every_subject_is_measured_first_as_often_as_the_others() -> None:
    orders = [arrivals.rotated(["antar", "naive", "limit"], run) for run in range(6)]
    assert Counter(order[0] for order in orders) == {"antar": 2, "naive": 2, "limit": 2}
    assert all(sorted(order) == ["antar", "limit", "naive"] for order in orders)


def test_one_subject_is_its_own_order() -> None:
    assert arrivals.rotated(["antar"], 4) == ["antar"]
