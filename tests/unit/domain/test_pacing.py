import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import pacing, retry
from shared.domain.outcome import Action, Code, PauseScope
from shared.domain.pacing import Turn, Verdict
from shared.domain.states import OnUnknown

RATES = st.floats(min_value=1e-4, max_value=1e6)
SECONDS = st.floats(min_value=0, max_value=1e6)


def turn(pause: float, scope: PauseScope = PauseScope.KEY) -> Turn:
    return Turn(verdict=Verdict.TOO_LONG, wait=pause, pause=pause, scope=scope)


@given(RATES, SECONDS)
def test_over_any_time_a_limit_keeps_to_its_rate(rate: float, seconds: float) -> None:
    limit = pacing.limit(rate)
    at_most = limit.burst + seconds / limit.interval
    assert at_most <= rate * (seconds + 0.1) * (1 + 1e-9) + 1


@pytest.mark.parametrize(("rate", "burst"), [(0.1, 1), (1, 1), (19, 1), (20, 2), (80, 8)])
def test_a_slow_sender_has_no_burst(rate: float, burst: int) -> None:
    assert pacing.limit(rate).burst == burst


@given(SECONDS, SECONDS)
def test_patience_is_what_is_left_of_the_budget(waited: float, seconds: float) -> None:
    assert pacing.patience(waited, seconds) == (seconds - waited if waited < seconds else 0)


@given(SECONDS)
def test_nobody_comes_again_after_its_moment(wait: float) -> None:
    assert wait - 1 <= pacing.comes_after(wait) <= wait


@pytest.mark.parametrize(("scope", "code"), [(PauseScope.KEY, Code.THROTTLED), (PauseScope.RECIPIENT, Code.RECIPIENT_THROTTLED)])
def test_a_refusal_says_who_is_to_slow_down(scope: PauseScope, code: Code) -> None:
    refusal = pacing.refusal(turn(7.5, scope))
    assert (refusal.code, refusal.action) == (code, Action.RETRY)
    assert refusal.pause is not None
    assert (refusal.pause.scope, refusal.pause.seconds) == (scope, 7.5)


@given(waited=SECONDS, pause=st.floats(min_value=1e-6, max_value=1e6), attempts=st.integers(min_value=0, max_value=2))
def test_who_cannot_outlast_a_pause_ends(waited: float, pause: float, attempts: int) -> None:
    budget = retry.Budget(attempts=3, seconds=60.0, base_delay=1.0)
    decision = retry.decide(
        pacing.refusal(turn(pause)), retry.History(attempts=attempts, waited=waited), budget, OnUnknown.NEXT_TIER
    )
    if pause > pacing.patience(waited, budget.seconds):
        assert decision == retry.End()
