"""The table of retries, on a clock of the test's own."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import webhooks
from shared.domain.webhooks import ATTEMPTS, Answer, State, Trouble, Verdict

TABLE = [10, 30, 120, 600, 3600, 21_600, 86_400]
"""Seconds between attempts, as the contract has them."""


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_heard(status: int) -> None:
    assert webhooks.judge(Answer(status=status), 1, 0.5) == Verdict(state=State.DELIVERED)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 408, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    verdict = webhooks.judge(Answer(status=status), 1, 0.5)
    assert verdict == Verdict(state=State.FAILED, error=Trouble.STATUS, delay=10)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451, 499])
def test_any_other_4xx_is_the_end_at_once(status: int) -> None:
    assert webhooks.judge(Answer(status=status), 1, 0.5) == Verdict(state=State.DEAD, error=Trouble.STATUS)


@pytest.mark.parametrize("trouble", [each for each in Trouble if each is not Trouble.STATUS])
def test_a_trouble_is_tried_again_but_where_no_time_ends_it(trouble: Trouble) -> None:
    verdict = webhooks.judge(Answer(trouble=trouble), 3, 0.5)
    hopeless = trouble in {Trouble.ADDRESS, Trouble.URL}
    assert (verdict.state, verdict.error) == (State.DEAD if hopeless else State.FAILED, trouble)


def test_a_whole_life_keeps_the_table() -> None:
    clock, tried_at, attempts = 0.0, [], 0
    while True:
        attempts += 1
        tried_at.append(clock)
        verdict = webhooks.judge(Answer(status=500), attempts, 0.5)
        if verdict.state is State.DEAD:
            break
        clock += verdict.delay
    assert attempts == ATTEMPTS == 8
    assert [later - earlier for earlier, later in itertools.pairwise(tried_at)] == TABLE


@given(st.integers(min_value=1, max_value=7), st.floats(min_value=0, max_value=1))
def test_chance_moves_a_delay_by_a_fifth_at_the_most(attempts: int, chance: float) -> None:
    delay = webhooks.judge(Answer(trouble=Trouble.TIMEOUT), attempts, chance).delay
    assert 0.8 * TABLE[attempts - 1] <= delay <= 1.2 * TABLE[attempts - 1]


def test_chance_spreads_delays() -> None:
    assert [webhooks.judge(Answer(status=500), 1, chance).delay for chance in (0, 0.5, 1)] == [8, 10, 12]


@pytest.mark.parametrize(
    ("status", "asked", "delay"),
    [(429, 45.0, 45), (429, 3.0, 10), (429, None, 10), (429, 0.0, 10), (429, 1e9, 86_400), (503, 45.0, 10), (302, 45.0, 10)],
)
def test_only_429_says_how_long_to_wait_and_never_for_less_than_usual(status: int, asked: float | None, delay: float) -> None:
    assert webhooks.judge(Answer(status=status, retry_after=asked), 1, 0.5).delay == delay


def test_what_was_asked_to_wait_does_not_outlive_its_attempts() -> None:
    assert webhooks.judge(Answer(status=429, retry_after=1.0), 8, 0.5).state is State.DEAD


def test_success_in_the_last_attempt_is_success() -> None:
    assert webhooks.judge(Answer(status=200), 8, 0.5).state is State.DELIVERED
