import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Trace, Unknown
from shared.domain.retry import Again, Decision, End
from shared.domain.states import DeliveryState
from tests.unit.deliver.conftest import StandIn
from tests.unit.factories import NOW, claim, result
from worker.deliver.bugs import Bug, Step
from worker.deliver.result import Result, attempt_row, counted_attempts, counted_failures, delivery_row, delivery_state, storable

SENT = Sent(provider_message_id="42:1", detail={"chat": 42}, trace=Trace(request="POST /bot*/sendMessage", status=200))
REFUSED = NotSent(
    code=Code.RECIPIENT_BLOCKED,
    reason="the recipient blocked the bot",
    action=Action.NEXT,
    detail={"description": "Forbidden: bot was blocked by the user"},
    trace=Trace(request="POST /bot*/sendMessage", status=403, provider_code="403"),
)
TROUBLE = NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="unavailable", action=Action.RETRY)
LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time")
CANCELLED = NotSent(code=Code.CANCELLED, reason="cancelled", action=Action.PERMANENT)
EXPIRED = NotSent(code=Code.EXPIRED, reason="expired before it could be sent", action=Action.PERMANENT)
BUG = Bug(step=Step.PREPARE, error="KeyError", trace="")
AGAIN, LATER = Again(delay=2.0, spends_attempt=True), Again(delay=9.0, spends_attempt=False)


@pytest.mark.parametrize(
    ("outcome", "decision", "state"),
    [
        (SENT, End(), DeliveryState.SENT),
        (REFUSED, End(), DeliveryState.FAILED),
        (TROUBLE, End(), DeliveryState.FAILED),
        (TROUBLE, AGAIN, DeliveryState.QUEUED),
        (TROUBLE, LATER, DeliveryState.QUEUED),
        (LOST, End(), DeliveryState.UNKNOWN),
        (LOST, End(held=True), DeliveryState.UNKNOWN),
        (LOST, AGAIN, DeliveryState.QUEUED),
        (CANCELLED, End(), DeliveryState.CANCELLED),
        (EXPIRED, End(), DeliveryState.CANCELLED),
    ],
)
def test_the_state_a_delivery_is_left_in(outcome: Outcome, decision: Decision, state: DeliveryState) -> None:
    assert delivery_state(result(outcome=outcome, decision=decision)) is state


@pytest.mark.parametrize(
    ("called_after", "decision", "attempts"),
    [(0.1, End(), 2), (0.1, End(held=True), 2), (0.1, AGAIN, 2), (0.1, LATER, 1), (None, End(), 1), (None, AGAIN, 1)],
)
def test_only_calls_that_are_not_the_providers_wish_count(called_after: float | None, decision: Decision, attempts: int) -> None:
    counted = counted_attempts(result(claim=claim(attempts=1), outcome=TROUBLE, decision=decision, called_after=called_after))
    assert counted == attempts


@pytest.mark.parametrize(("called_after", "bug", "failures"), [(None, BUG, 2), (0.1, BUG, 1), (None, None, 1), (0.1, None, 1)])
def test_only_our_own_failures_before_a_call_count(called_after: float | None, bug: Bug | None, failures: int) -> None:
    given = result(claim=claim(failures=1), outcome=TROUBLE, decision=AGAIN, called_after=called_after, bug=bug)
    assert counted_failures(given) == failures


@pytest.mark.parametrize(("outcome", "resolve_after"), [(LOST, 5.0), (SENT, None), (REFUSED, None)])
def test_what_is_unknown_is_looked_up_where_it_can_be(adapter: StandIn, outcome: Outcome, resolve_after: float | None) -> None:
    adapter.look_up_after = 5.0
    assert delivery_row(result(outcome=outcome))["resolve_after"] == resolve_after


def test_the_row_of_what_was_sent() -> None:
    given = result(outcome=SENT)
    assert delivery_row(given) == {
        "id": str(given.claim.id),
        "claim_id": str(given.claim.claim_id),
        "claimed_at": given.claim.now.isoformat(),
        "state": "sent",
        "held": False,
        "code": None,
        "reason": None,
        "detail": {"chat": 42},
        "provider_message_id": "42:1",
        "attempts": 1,
        "failures": 0,
        "processing_ms": 150,
        "delay": None,
        "resolve_after": None,
    }


@pytest.mark.parametrize(
    ("outcome", "decision", "expected"),
    [
        (REFUSED, End(), {"state": "failed", "held": False, "code": "recipient_blocked", "delay": None, "detail": REFUSED.detail}),
        (TROUBLE, AGAIN, {"state": "queued", "held": False, "code": "provider_unavailable", "delay": 2.0, "detail": None}),
        (LOST, End(held=True), {"state": "unknown", "held": True, "code": "answer_timeout", "delay": None}),
        (LOST, End(), {"state": "unknown", "held": False, "reason": LOST.reason, "provider_message_id": None}),
    ],
)
def test_the_row_of_what_was_not(outcome: Outcome, decision: Decision, expected: dict[str, Any]) -> None:
    assert expected.items() <= delivery_row(result(outcome=outcome, decision=decision)).items()


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SENT, {"outcome": "sent", "code": None, "provider_status": 200, "provider_code": None}),
        (REFUSED, {"outcome": "not_sent", "code": "recipient_blocked", "provider_status": 403, "provider_code": "403"}),
        (LOST, {"outcome": "unknown", "code": "answer_timeout", "provider_status": None, "request": ""}),
    ],
)
def test_the_row_of_a_call(outcome: Outcome, expected: dict[str, Any]) -> None:
    given = result(claim=claim(attempts=1), outcome=outcome)
    row = attempt_row(given, "worker-send@host")
    assert row is not None
    assert expected.items() <= row.items()
    assert (row["delivery_id"], row["claim_id"]) == (str(given.claim.id), str(given.claim.claim_id))
    assert (row["number"], row["worker"]) == (2, "worker-send@host")


def test_a_calls_times_are_reckoned_from_the_databases_clock() -> None:
    row = attempt_row(result(called_after=0.05, seconds=0.15), "w")
    assert row is not None
    assert row["started_at"] == (NOW + timedelta(milliseconds=50)).isoformat()
    assert row["ended_at"] == (NOW + timedelta(milliseconds=150)).isoformat()


def test_without_a_call_there_is_no_attempt() -> None:
    assert attempt_row(result(outcome=CANCELLED, called_after=None), "w") is None


HOSTILE = {
    "de\0scription\ud800": ["\0", "a\udfffb", ("x\0",), {"deep": {"er": "\0\ud83d"}}],
    "numbers": [1, 1.5, float("nan"), float("inf"), -float("inf"), True, None],
}


def test_the_providers_words_become_fit_for_postgres() -> None:
    assert storable(HOSTILE) == {
        "description?": ["", "a?b", ["x"], {"deep": {"er": "?"}}],
        "numbers": [1, 1.5, "nan", "inf", "-inf", True, None],
    }


def test_what_json_does_not_know_becomes_its_text() -> None:
    assert storable({"at": NOW, "raw": b"\0"}) == {"at": str(NOW), "raw": "b'\\x00'"}


def test_what_is_fit_stays_as_it_is() -> None:
    assert storable("Grüße 😀\r\n") == "Grüße 😀\r\n"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def every_row(given: Result) -> list[dict[str, Any]]:
    return [delivery_row(given), *filter(None, [attempt_row(given, "w")])]


@given(detail=st.dictionaries(st.text(), json_values), words=st.text(st.characters()))
@settings(max_examples=100, deadline=None)
def test_whatever_a_provider_says_its_rows_can_be_stored(detail: dict[str, Any], words: str) -> None:
    trace = Trace(request="POST /", provider_code=words)
    outcomes: list[Outcome] = [
        Sent(provider_message_id=words, detail=detail, trace=trace),
        NotSent(code=Code.PROVIDER_ERROR, reason=words, action=Action.NEXT, detail=detail, trace=trace),
        Unknown(code=Code.ANSWER_UNREADABLE, reason=words, detail=detail, trace=trace),
    ]
    for row in (row for outcome in outcomes for row in every_row(result(outcome=outcome))):
        written = json.dumps(row, allow_nan=False, ensure_ascii=False)
        assert "\\u0000" not in written.replace("\\\\", "")
        assert written.encode("utf-8")
