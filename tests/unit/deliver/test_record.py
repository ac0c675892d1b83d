"""Records: what is written to Postgres, and survives a stay on disk unchanged."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared import ids
from shared.domain.outcome import Action, Code, Mark, NotSent, Outcome, Sent, Trace, Unknown
from shared.domain.retry import Again, Decision, End
from tests.unit.factories import NOW, claim, result
from worker.deliver import record
from worker.deliver.bugs import Bug, Step
from worker.deliver.record import Record
from worker.deliver.result import Lineage, Result, ended_at

WORKER = "host:1"
ON_DISK = TypeAdapter(Record)
TRACE = Trace(request="POST /bot*/sendMessage", status=401, provider_code="401")
SENT = Sent(provider_message_id="42:1", detail={"chat": 42}, trace=TRACE)
REFUSED = NotSent(code=Code.RECIPIENT_BLOCKED, reason="blocked", action=Action.NEXT, detail={"description": "Forbidden"})
UNUSABLE = NotSent(code=Code.CREDENTIALS_REJECTED, reason="Unauthorized", action=Action.KEY, trace=TRACE)
LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time")
BUG = Bug(step=Step.PREPARE, error="KeyError", trace="KeyError:\n  File ...")
AGAIN = Again(delay=2.0, spends_attempt=True)


def of(outcome: Outcome, decision: Decision | None = None, **changes: Any) -> Record:
    return record.of(result(outcome=outcome, decision=decision or End(), **changes), WORKER)


def test_a_record_names_its_delivery() -> None:
    given_result = result(lineage=Lineage(root_id="root", task_id="task"))
    made, its = record.of(given_result, WORKER), given_result.claim
    assert (made.id, made.send_id, made.account_id, made.queue) == (its.id, its.send_id, its.account_id, its.queue)
    assert (made.lineage, made.delay, made.outcome) == (given_result.lineage, None, "sent")
    assert made.attempt is not None
    assert made.attempt["worker"] == WORKER


@pytest.mark.parametrize("until", [None, {"level": "read", "within": 600}])
def test_a_record_says_what_its_send_wants(until: dict[str, Any] | None) -> None:
    made = record.of(result(claim=claim(until=until, deliveries=3)), WORKER)
    assert {name: made.delivery[name] for name in made.delivery if name in ("level", "within")} == (until or {})
    assert made.deliveries == 3


def test_a_record_of_an_older_version_has_any_number_of_deliveries_beside_it() -> None:
    written = json.loads(ON_DISK.dump_json(of(SENT)))
    del written["deliveries"]
    assert ON_DISK.validate_python(written).deliveries == ids.MAX_DELIVERIES


def test_a_retry_says_when() -> None:
    assert of(REFUSED, AGAIN).delay == 2.0


@pytest.mark.parametrize(
    ("outcome", "called_after", "late"),
    [
        (
            SENT,
            0.1,
            {"state": "sent", "claimed_at": NOW.isoformat(), "code": None, "provider_message_id": "42:1", "detail": {"chat": 42}},
        ),
        (
            REFUSED,
            0.1,
            {"state": "failed", "claimed_at": NOW.isoformat(), "code": "recipient_blocked", "provider_message_id": None},
        ),
        (UNUSABLE, None, {"state": "failed", "claimed_at": NOW.isoformat(), "code": "credentials_rejected"}),
    ],
)
def test_what_is_known_counts_also_when_it_comes_late(outcome: Outcome, called_after: float, late: dict[str, Any]) -> None:
    row = of(outcome, called_after=called_after).late
    assert row is not None
    assert late.items() <= row.items()


def test_what_is_unknown_says_nothing_late() -> None:
    assert of(LOST).late is None


def test_a_refused_sender_suspends_its_key() -> None:
    given_result = result(outcome=UNUSABLE)
    assert record.of(given_result, WORKER).suspension == {
        "id": str(given_result.claim.key_id),
        "code": "credentials_rejected",
        "reason": "Unauthorized",
        "probe_after": 30.0,
        "claimed_at": NOW.isoformat(),
    }
    assert [of(other).suspension for other in (SENT, REFUSED, LOST)] == [None, None, None]


@pytest.mark.parametrize(
    ("outcome", "decision", "admitted", "limit", "given_back"),
    [
        (REFUSED, End(), True, 5, True),
        (REFUSED, AGAIN, True, 5, True),
        (SENT, End(), True, 5, False),
        (LOST, End(), True, 5, False),
        (REFUSED, End(), False, 5, False),
        (REFUSED, End(), True, None, False),
    ],
)
def test_a_unit_that_was_taken_and_not_used_is_given_back(
    outcome: Outcome, decision: Decision, limit: int | None, *, admitted: bool, given_back: bool
) -> None:
    """What is unknown counts: it may have been sent."""
    made = of(outcome, decision, admitted=admitted, claim=claim(quota_limit=limit))
    assert (made.refund is not None) == given_back


@pytest.mark.parametrize("mark", Mark)
def test_a_mark_names_whom_it_concerns_and_when(mark: Mark) -> None:
    marked = result(outcome=replace(REFUSED, mark=mark))
    person = {name: str(getattr(marked.claim, name)) for name in ("account_id", "channel", "address")}
    assert record.of(marked, WORKER).mark == {"mark": mark, **person, "at": ended_at(marked)}
    assert of(replace(REFUSED, mark=mark), claim=claim(address=None)).mark is None
    assert of(REFUSED).mark is None


@pytest.mark.parametrize(
    ("outcome", "decision", "state"),
    [
        (SENT, End(), "sent"),
        (REFUSED, End(), "failed"),
        (LOST, End(), "unknown"),
        (REFUSED, AGAIN, None),
        (NotSent(code=Code.EXPIRED, reason="expired", action=Action.PERMANENT), End(), None),
    ],
)
def test_whoever_observes_hears_how_it_ended(outcome: Outcome, decision: Decision, state: str | None) -> None:
    told = of(outcome, decision, claim=claim(observed=True)).told
    assert (told and told["state"]) == state
    assert of(outcome, decision).told is None


def test_what_an_older_version_left_on_disk_is_read() -> None:
    made = of(REFUSED)
    line = {name: value for name, value in json.loads(ON_DISK.dump_json(made)).items() if name not in {"mark", "told"}}
    assert ON_DISK.validate_python(line) == made


def test_a_bug_that_ends_its_delivery_is_kept() -> None:
    kept = of(REFUSED, bug=BUG).quarantine
    assert kept is not None
    assert (kept["step"], kept["error"], kept["trace"]) == ("prepare", BUG.error, BUG.trace)
    assert of(REFUSED, AGAIN, bug=BUG).quarantine is None
    assert of(REFUSED).quarantine is None


@pytest.mark.parametrize("outcome", [SENT, REFUSED, UNUSABLE, LOST])
def test_a_bare_record_keeps_the_outcome_and_no_words_of_the_providers(outcome: Outcome) -> None:
    spoken: Any = replace(outcome, detail={"said": "WORDS"}, trace=Trace(request="POST /", status=400, provider_code="WORDS"))
    named = {"provider_message_id": "WORDS"} if isinstance(outcome, Sent) else {"reason": "WORDS"}
    full = of(replace(spoken, **named), claim=claim(observed=True))
    bare = record.bare(full, ValueError("WORDS"))
    assert "WORDS" in str(full)
    assert "WORDS" not in str(bare)
    kept = ("id", "claim_id", "state", "held", "code", "attempts", "delay", "resolve_after")
    assert {name: bare.delivery[name] for name in kept} == {name: full.delivery[name] for name in kept}
    assert bare.quarantine is not None
    assert (bare.quarantine["step"], bare.quarantine["error"]) == ("record", "ValueError")


def on_disk(each: Record) -> Record:
    return ON_DISK.validate_json(ON_DISK.dump_json(each))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
words = st.none() | st.text()
traces = st.none() | st.builds(
    Trace, request=st.text(), status=st.none() | st.integers(100, 599), provider_code=st.none() | st.text()
)
details = st.dictionaries(st.text(), json_values)
outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, provider_message_id=words, detail=details, trace=traces),
    st.builds(
        NotSent,
        code=st.sampled_from(Code),
        reason=st.text(),
        action=st.sampled_from(Action),
        pause=st.none(),
        detail=details,
        trace=traces,
    ),
    st.builds(Unknown, code=st.sampled_from(Code), reason=st.text(), detail=details, trace=traces),
)
durations = st.floats(min_value=0, max_value=1e6)
decisions: st.SearchStrategy[Decision] = st.one_of(
    st.builds(End, held=st.booleans()), st.builds(Again, delay=durations, spends_attempt=st.booleans())
)


@st.composite
def results(draw: st.DrawFn) -> Result:
    return Result(
        claim=claim(
            attempts=draw(st.integers(0, 9)),
            failures=draw(st.integers(0, 9)),
            quota_limit=draw(st.none() | st.integers(0, 9)),
            queue=draw(st.sampled_from(["send", "bulk"])),
            observed=draw(st.booleans()),
        ),
        outcome=draw(outcomes),
        decision=draw(decisions),
        seconds=draw(durations),
        called_after=draw(st.none() | durations),
        admitted=draw(st.booleans()),
        bug=draw(st.none() | st.builds(Bug, step=st.sampled_from(Step), error=st.just("KeyError"), trace=st.just("KeyError:\n"))),
        lineage=draw(st.builds(Lineage, root_id=st.none() | st.uuids().map(str), task_id=st.none() | st.uuids().map(str))),
    )


@given(results())
@settings(max_examples=150, deadline=None)
def test_every_record_survives_the_disk(each: Result) -> None:
    made = record.of(each, WORKER)
    for whole in (made, record.bare(made, ValueError("words"))):
        line = ON_DISK.dump_json(whole)
        assert b"\n" not in line
        assert ON_DISK.validate_json(line) == whole
        assert on_disk(whole).late == whole.late


@given(results())
@settings(max_examples=100, deadline=None)
def test_every_record_can_be_stored(each: Result) -> None:
    made = on_disk(record.of(each, WORKER))
    rows = [made.delivery, made.attempt, made.refund, made.suspension, made.quarantine, made.late, made.mark, made.told]
    text = json.dumps(rows, allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    assert text.encode("utf-8")


def test_what_nests_without_a_bottom_is_written_down_all_the_same() -> None:
    detail: dict[str, Any] = {}
    for _ in range(5000):
        detail = {"error": [detail]}
    made = of(Sent(provider_message_id=str(ids.new()), detail=detail))
    assert on_disk(made) == made
