import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import aiohttp
import pytest
from structlog.testing import capture_logs

from shared import ids
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Outcome, Pause, PauseScope, Sent, Unknown
from shared.domain.retry import Again, End
from shared.domain.states import OnUnknown, SendState
from shared.vault import Vault
from tests.unit.deliver.conftest import StandIn
from tests.unit.factories import NOW, claim
from worker.channels.base import Timeouts
from worker.deliver import guards, one
from worker.deliver.bugs import Step
from worker.deliver.claim import Claim
from worker.deliver.result import Lineage, Result
from worker.runtime.wires import ProcessWires

LINEAGE = Lineage(root_id="root", task_id="task")
WORDS = "s3cret +6281234567890"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SENT = Sent(provider_message_id="42:1")
TROUBLE = NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="unavailable", action=Action.RETRY)
LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time")


@pytest.fixture
def ready(keys: Vault) -> Callable[..., Claim]:
    """Make claims whose credentials can be read."""

    def make(**changes: Any) -> Claim:
        key_id = ids.new()
        return claim(**{"key_id": key_id, "credentials": keys.encrypt(key_id, {"token": "s3cret"}), **changes})

    return make


def deliver(each: Claim) -> Result:
    context = one.Context(claimed_at=time.monotonic(), lineage=LINEAGE)
    prepared = one.prepare_call(each)
    if isinstance(prepared, one.Stopped):
        return one.stop(prepared, context)

    async def call(ready: one.Ready) -> Result:
        async with aiohttp.ClientSession() as http:
            return await one.call(ready, context, ProcessWires(http=http, timeouts=Timeouts()))

    return asyncio.run(call(prepared))


def answering(outcome: Outcome) -> Callable[[], Outcome]:
    return lambda: outcome


def fail(*_: Any) -> NoReturn:
    raise LookupError(WORDS)


def test_what_the_adapter_says_is_the_outcome(ready: Callable[..., Claim], adapter: StandIn) -> None:
    given = ready()
    result = deliver(given)
    assert (result.claim, result.outcome, result.decision, result.lineage) == (given, SENT, End(), LINEAGE)
    assert result.called_after is not None
    assert 0 <= result.called_after <= result.seconds
    ((envelope, credentials),) = adapter.calls
    assert envelope.target == "42"
    assert credentials.token.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("outcome", "on_unknown", "decision"),
    [
        (LOST, OnUnknown.NEXT_TIER, End()),
        (LOST, OnUnknown.HOLD, End(held=True)),
        (NotSent(code=Code.KEY_REVOKED, reason="", action=Action.KEY), OnUnknown.RETRY, End()),
    ],
)
def test_the_decision_follows_the_keys_policy(
    ready: Callable[..., Claim], adapter: StandIn, outcome: Outcome, on_unknown: OnUnknown, decision: End
) -> None:
    adapter.answer = answering(outcome)
    result = deliver(ready(on_unknown=on_unknown))
    assert (result.outcome, result.decision) == (outcome, decision)


def test_the_call_that_was_made_counts(ready: Callable[..., Claim], adapter: StandIn) -> None:
    adapter.answer = answering(TROUBLE)
    attempts = one.budget().attempts
    assert isinstance(deliver(ready(attempts=attempts - 2)).decision, Again)
    assert deliver(ready(attempts=attempts - 1)).decision == End()


def test_patience_begins_with_the_first_claim(ready: Callable[..., Claim], adapter: StandIn) -> None:
    adapter.answer = answering(TROUBLE)
    long_ago = NOW - timedelta(seconds=one.budget().seconds)
    assert isinstance(deliver(ready(queued_at=long_ago, paced=False)).decision, Again)
    assert deliver(ready(queued_at=long_ago, paced=True)).decision == End()


def test_throttling_is_waited_for(ready: Callable[..., Claim], adapter: StandIn) -> None:
    pause = Pause(scope=PauseScope.KEY, seconds=3)
    adapter.answer = answering(NotSent(code=Code.THROTTLED, reason="", action=Action.RETRY, pause=pause))
    assert deliver(ready(attempts=99)).decision == Again(delay=3, spends_attempt=False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"send_state": SendState.CANCELLED}, Code.CANCELLED),
        ({"variables": {}}, Code.VARIABLES_MISSING),
        ({"credentials": b"unreadable"}, Code.CREDENTIALS_REJECTED),
    ],
)
def test_what_is_stopped_is_never_called(
    ready: Callable[..., Claim], adapter: StandIn, changes: dict[str, Any], code: Code
) -> None:
    result = deliver(ready(**changes))
    assert isinstance(result.outcome, NotSent)
    assert (result.outcome.code, result.decision, result.called_after) == (code, End(), None)
    assert adapter.calls == []


def test_a_bug_in_the_call_leaves_it_unknown(ready: Callable[..., Claim], adapter: StandIn) -> None:
    adapter.answer = fail
    result = deliver(ready())
    assert result.outcome == Unknown(code=Code.INTERNAL_ERROR, reason="internal error during the call: it may have been sent")
    assert (result.called_after is not None, result.decision) == (True, End())
    assert result.bug is not None
    assert (result.bug.step, result.bug.error) == (Step.CALL, "LookupError")


@pytest.mark.parametrize("where", ["guards.check", "prepare.envelope", "prepare.credentials"])
def test_a_bug_before_the_call_leaves_it_unsent_and_is_tried_again(
    ready: Callable[..., Claim], adapter: StandIn, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(f"worker.deliver.{where}", fail)
    result = deliver(ready())
    assert result.outcome == NotSent(code=Code.INTERNAL_ERROR, reason="internal error before the call", action=Action.RETRY)
    assert (type(result.decision), result.called_after, adapter.calls) == (Again, None, [])
    assert result.bug is not None
    assert (result.bug.step, result.bug.error) == (Step.PREPARE, "LookupError")


@pytest.mark.parametrize(("attempts", "failures", "ends"), [(0, 1, False), (0, 2, True), (2, 0, False), (3, 0, True)])
def test_a_bug_that_stays_ends_the_delivery(
    ready: Callable[..., Claim], adapter: StandIn, monkeypatch: pytest.MonkeyPatch, attempts: int, failures: int, *, ends: bool
) -> None:
    """After as many failures as a channel has calls, made or not."""
    monkeypatch.setattr("worker.deliver.guards.check", fail)
    result = deliver(ready(attempts=attempts, failures=failures))
    assert (isinstance(result.decision, End), adapter.calls) == (ends, [])


def test_a_bug_in_one_guard_leaves_it_unsent(
    ready: Callable[..., Claim], adapter: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "GUARDS", (*guards.GUARDS, fail))
    outcome = deliver(ready()).outcome
    assert isinstance(outcome, NotSent)
    assert (outcome.code, adapter.calls) == (Code.INTERNAL_ERROR, [])


def test_the_log_tells_of_a_bug_without_its_words(ready: Callable[..., Claim], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.deliver.prepare.envelope", fail)
    with capture_logs() as lines:
        deliver(ready())
    bug = next(line for line in lines if line["event"] == "deliver.bug")
    assert (bug["step"], bug["error"]) == ("prepare", "LookupError")
    assert "test_one.py" in bug["trace"]
    assert WORDS not in str(lines)


def test_the_log_holds_ids_and_codes_only(ready: Callable[..., Claim], adapter: StandIn) -> None:
    adapter.answer = answering(
        NotSent(code=Code.RECIPIENT_BLOCKED, reason="Ann blocked it", action=Action.NEXT, detail={"to": "@ann_smith"})
    )
    given = ready(
        channel=Channel.WABA,
        target="+62 812 3456 7890",
        address="6281234567890",
        traceparent=TRACEPARENT,
        tier=1,
        attempts=1,
        queued_at=NOW - timedelta(seconds=1.5),
    )
    with capture_logs() as lines:
        deliver(given)
    (line,) = lines
    assert line == {
        "event": "deliver.outcome",
        "log_level": "info",
        "send": ids.encode(ids.SEND, given.send_id),
        "delivery": ids.encode(ids.DELIVERY, given.id),
        "account": ids.encode(ids.ACCOUNT, given.account_id),
        "channel": "waba",
        "outcome": "NotSent",
        "code": "recipient_blocked",
        "again": False,
        "request_id": given.request_id,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "task": "task",
        "tier": 1,
        "attempt": 2,
        "ms": line["ms"],
        "call_ms": line["call_ms"],
        "waited_ms": 1500,
    }
    assert 0 <= line["call_ms"] <= line["ms"]


def test_what_is_not_called_has_no_time_at_its_provider(ready: Callable[..., Claim]) -> None:
    with capture_logs() as lines:
        deliver(ready(suppressed=True, attempts=2))
    (line,) = lines
    assert (line["attempt"], line["call_ms"], "trace_id" in line) == (2, None, False)
