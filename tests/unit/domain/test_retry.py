import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import retry
from shared.domain.outcome import Action, Code, NotSent, Outcome, Pause, PauseScope, Sent, Unknown
from shared.domain.retry import Again, Budget, Decision, End, History
from shared.domain.states import OnUnknown

BUDGET = Budget(attempts=3, seconds=60.0, base_delay=1.0)
FIRST = History(attempts=1, waited=0.2)
SENT = Sent(provider_message_id="x")
LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="no answer")
LOST_EMAIL = Unknown(code=Code.CONNECTION_LOST, reason="lost", safe_to_repeat=True)


def not_sent(action: Action, pause: float | None = None) -> NotSent:
    asked = None if pause is None else Pause(scope=PauseScope.KEY, seconds=pause)
    return NotSent(code=Code.PROVIDER_ERROR, reason="refused", action=action, pause=asked)


def decide(outcome: Outcome, history: History = FIRST, on_unknown: OnUnknown = OnUnknown.NEXT_TIER) -> Decision:
    return retry.decide(outcome, history, BUDGET, on_unknown)


def kind(decision: Decision) -> str:
    """Name a decision without its jitter."""
    match decision:
        case Again(spends_attempt=True):
            return "again"
        case Again():
            return "later"
        case End(held=held):
            return "held" if held else "end"


FINAL = [SENT, *(not_sent(action, pause) for action in Action if action is not Action.RETRY for pause in (None, 2.0))]


@pytest.mark.parametrize("on_unknown", OnUnknown)
@pytest.mark.parametrize("outcome", FINAL, ids=lambda outcome: getattr(outcome, "action", "sent"))
def test_what_is_certain_and_cannot_be_mended_ends(outcome: Outcome, on_unknown: OnUnknown) -> None:
    assert decide(outcome, on_unknown=on_unknown) == End()


@pytest.mark.parametrize("on_unknown", OnUnknown)
@pytest.mark.parametrize(
    ("attempts", "waited", "expected"),
    [
        (1, 0.0, "again"),
        (2, 0.0, "again"),
        (3, 0.0, "end"),
        (4, 0.0, "end"),
        (1, 58.7, "again"),
        (1, 59.3, "end"),
        (1, 90.0, "end"),
    ],
)
def test_a_refusal_that_may_pass_is_tried_again_within_its_budget(
    attempts: int, waited: float, expected: str, on_unknown: OnUnknown
) -> None:
    assert kind(decide(not_sent(Action.RETRY), History(attempts=attempts, waited=waited), on_unknown)) == expected


@pytest.mark.parametrize(
    ("on_unknown", "outcome", "attempts", "waited", "expected"),
    [
        (OnUnknown.NEXT_TIER, LOST, 1, 0.0, "end"),
        (OnUnknown.HOLD, LOST, 1, 0.0, "held"),
        (OnUnknown.HOLD, LOST, 3, 70.0, "held"),
        (OnUnknown.RETRY, LOST, 1, 0.0, "again"),
        (OnUnknown.RETRY, LOST, 3, 0.0, "end"),
        (OnUnknown.RETRY, LOST, 1, 61.0, "end"),
        (OnUnknown.NEXT_TIER, LOST_EMAIL, 1, 0.0, "again"),
        (OnUnknown.HOLD, LOST_EMAIL, 1, 0.0, "again"),
        (OnUnknown.NEXT_TIER, LOST_EMAIL, 3, 0.0, "end"),
        (OnUnknown.RETRY, LOST_EMAIL, 1, 61.0, "end"),
    ],
)
def test_the_policy_decides_the_unknown_unless_a_repeat_is_safe(
    on_unknown: OnUnknown, outcome: Outcome, attempts: int, waited: float, expected: str
) -> None:
    assert kind(decide(outcome, History(attempts=attempts, waited=waited), on_unknown)) == expected


@pytest.mark.parametrize(
    ("pause", "attempts", "waited", "expected"),
    [
        (5.0, 1, 0.0, Again(delay=5.0, spends_attempt=False)),
        (5.0, 30, 0.0, Again(delay=5.0, spends_attempt=False)),
        (60.0, 1, 0.0, Again(delay=60.0, spends_attempt=False)),
        (60.1, 1, 0.0, End()),
        (5.0, 1, 55.0, Again(delay=5.0, spends_attempt=False)),
        (5.0, 1, 55.1, End()),
        (0.0, 1, 0.0, Again(delay=1.0, spends_attempt=False)),
        (-3.0, 1, 0.0, Again(delay=1.0, spends_attempt=False)),
    ],
)
def test_throttling_is_honoured_in_time_and_spends_no_attempt(
    pause: float, attempts: int, waited: float, expected: Decision
) -> None:
    assert decide(not_sent(Action.RETRY, pause), History(attempts=attempts, waited=waited)) == expected


@given(attempts=st.integers(1, 10), base=st.floats(0.01, 30))
@settings(max_examples=100, deadline=None)
def test_the_delay_doubles_with_jitter_of_a_quarter(attempts: int, base: float) -> None:
    patient = Budget(attempts=11, seconds=1e9, base_delay=base)
    decision = retry.decide(not_sent(Action.RETRY), History(attempts=attempts, waited=0.0), patient, OnUnknown.NEXT_TIER)
    assert isinstance(decision, Again)
    assert 0.75 <= decision.delay / (base * 2 ** (attempts - 1)) <= 1.25


def test_the_jitter_spreads() -> None:
    delays = {decision.delay for _ in range(20) if isinstance(decision := decide(LOST_EMAIL), Again)}
    assert len(delays) > 1


outcomes = st.one_of(
    st.builds(not_sent, st.sampled_from(Action), st.none() | st.floats(-5, 200)),
    st.sampled_from([SENT, LOST, LOST_EMAIL]),
)
budgets = st.builds(Budget, attempts=st.integers(1, 6), seconds=st.floats(0.5, 120), base_delay=st.floats(0.5, 10))


@given(answers=st.lists(outcomes, min_size=1), budget=budgets, on_unknown=st.sampled_from(OnUnknown), call=st.floats(0, 5))
@settings(max_examples=100, deadline=None)
def test_every_delivery_ends_in_time_and_within_its_attempts(
    answers: list[Outcome], budget: Budget, on_unknown: OnUnknown, call: float
) -> None:
    waited, spent = 0.0, 0
    for outcome in itertools.cycle(answers):
        waited += call
        decision = retry.decide(outcome, History(attempts=spent + 1, waited=waited), budget, on_unknown)
        if isinstance(decision, End):
            return
        spent += decision.spends_attempt
        waited += decision.delay
        assert waited <= budget.seconds
        assert spent < budget.attempts
