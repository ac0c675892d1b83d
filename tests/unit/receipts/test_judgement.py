"""Reports, however shuffled, repeated and cut into webhooks, leave a delivery as they would in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import ids
from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from shared.domain.outcome import Action, Code, Mark, NotSent
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState
from worker.channels.base import Report
from worker.receipts.judgement import Notice, Standing, Verdict, judge

_REFUSAL = NotSent(
    code=Code.RECIPIENT_UNREACHABLE, reason="the message is undeliverable", action=Action.NEXT, detail={"code": 131026}
)
_NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
_DELIVERY = ids.delivery_of(ids.new_send(), 1)
_ACCOUNT, _KEY = ids.new(), ids.new()


def notice(receipt: Receipt, message_id: str = "wamid.1") -> Notice:
    refusal = _REFUSAL if receipt is Receipt.FAILED else None
    report = Report(delivery_id=_DELIVERY, provider_message_id=message_id, receipt=receipt, refusal=refusal)
    return Notice(report=report, webhook_id=ids.new(), account_id=ids.new(), channel="waba", received_at=_NOW)


def standing(state: DeliveryState, receipt: Receipt | None = None, message_id: str | None = None, **more: Any) -> Standing:
    whose: dict[str, Any] = {
        "id": _DELIVERY,
        "account_id": _ACCOUNT,
        "channel": Channel.WABA,
        "key_id": _KEY,
        "address": "6281234567890",
    }
    return Standing(**whose, claimed_at=_NOW, state=state, receipt=receipt, provider_message_id=message_id, **more)


@dataclass
class Model:
    """A delivery and the inbox, as the statements change them."""

    delivery: Standing
    inbox: list[Notice] = field(default_factory=list)
    failures: int = 0

    def handle(self) -> None:
        """Handle what is in the inbox at once."""
        verdict = judge(self.delivery, self.inbox)
        changes: dict[str, Any] = {}
        if verdict.receipt:
            known = self.delivery.provider_message_id or verdict.receipt["provider_message_id"]
            changes |= {"receipt": verdict.receipt["receipt"], "provider_message_id": known}
        if verdict.resolution:
            changes["state"] = DeliveryState(verdict.resolution.row["state"])
        self.delivery = replace(self.delivery, **changes)
        self.failures += [event["kind"] for event in verdict.events].count("receipt.failed")
        self.inbox = [each for each in self.inbox if each.webhook_id in verdict.too_early]

    def lose_the_answer(self) -> None:
        """End the call under way without an outcome; what a receipt told before counts."""
        told = self.delivery.receipt in {Receipt.SENT, Receipt.DELIVERED, Receipt.READ}
        self.delivery = replace(self.delivery, state=DeliveryState.SENT if told else DeliveryState.UNKNOWN)


@st.composite
def floods(draw: st.DrawFn) -> tuple[set[Receipt], list[list[Receipt]]]:
    """Give some receipts, and a way they may come: in any order, repeated, several at a time."""
    there = draw(st.sets(st.sampled_from(Receipt), min_size=1))
    coming = [*there, *draw(st.lists(st.sampled_from(sorted(there)), max_size=6))]
    shuffled = draw(st.permutations(coming))
    cuts = sorted(draw(st.sets(st.integers(1, len(shuffled)), max_size=4)) | {len(shuffled)})
    return there, [list(shuffled[start:end]) for start, end in zip([0, *cuts], cuts, strict=False)]


def play(model: Model, batches: Sequence[Sequence[Receipt]], answer_lost_before: int) -> None:
    for number, batch in enumerate(batches):
        if number == answer_lost_before:
            model.lose_the_answer()
        model.inbox += [notice(receipt) for receipt in batch]
        model.handle()
    if answer_lost_before >= len(batches):
        model.lose_the_answer()
    model.handle()


def expected(there: set[Receipt]) -> tuple[Receipt, set[DeliveryState]]:
    """Give what is known in the end: that it arrived, else that it failed."""
    for receipt in (Receipt.READ, Receipt.DELIVERED):
        if receipt in there:
            return receipt, {DeliveryState.SENT}
    return (Receipt.FAILED, {DeliveryState.FAILED}) if Receipt.FAILED in there else (Receipt.SENT, {DeliveryState.SENT})


@given(floods(), st.integers(0, 6))
def test_every_way_ends_alike(flood: tuple[set[Receipt], list[list[Receipt]]], answer_lost_before: int) -> None:
    there, batches = flood
    model = Model(standing(DeliveryState.CLAIMED))
    play(model, batches, answer_lost_before)
    receipt, states = expected(there)
    assert model.delivery.receipt is receipt
    assert model.delivery.state in states
    assert model.inbox == []
    assert model.failures <= 1


@given(floods(), st.integers(0, 6))
def test_a_replay_changes_nothing(flood: tuple[set[Receipt], list[list[Receipt]]], answer_lost_before: int) -> None:
    _, batches = flood
    model = Model(standing(DeliveryState.CLAIMED))
    play(model, batches, answer_lost_before)
    before, failures = model.delivery, model.failures
    model.inbox = [notice(receipt) for batch in batches for receipt in batch]
    model.handle()
    assert (model.delivery, model.failures, model.inbox) == (before, failures, [])


def test_a_failure_waits_for_the_outcome_of_the_call() -> None:
    early = notice(Receipt.FAILED)
    assert judge(standing(DeliveryState.CLAIMED), [early]) == Verdict(too_early=frozenset({early.webhook_id}))


def test_what_comes_with_an_early_failure_is_written_now() -> None:
    early, sent = notice(Receipt.FAILED), notice(Receipt.SENT)
    verdict = judge(standing(DeliveryState.CLAIMED), [early, sent])
    assert verdict.receipt is not None
    assert verdict.receipt["receipt"] == "sent"
    assert verdict.too_early == {early.webhook_id}


def test_the_failure_of_another_call_is_none_of_the_message_that_was_sent() -> None:
    assert judge(standing(DeliveryState.SENT, message_id="wamid.2"), [notice(Receipt.FAILED, "wamid.1")]) == Verdict()


@pytest.mark.parametrize("falls_back", [True, False])
def test_the_failure_of_what_was_sent_is_the_truth_of_it(falls_back: bool) -> None:  # noqa: FBT001 - a case.
    verdict = judge(standing(DeliveryState.SENT, Receipt.SENT, "wamid.1", falls_back=falls_back), [notice(Receipt.FAILED)])
    assert verdict.receipt is not None
    assert verdict.resolution is not None
    assert (verdict.receipt["receipt"], verdict.resolution.row["state"]) == ("failed", "failed")
    assert (verdict.resolution.row["refutes"], verdict.resolution.reopens) == (True, falls_back)
    said = {"code": "recipient_unreachable", "reason": "the message is undeliverable", "provider_code": 131026}
    assert [event["data"] for event in verdict.events] == [said]


def test_what_was_unknown_has_no_success_to_fall_back_from() -> None:
    verdict = judge(standing(DeliveryState.UNKNOWN, falls_back=True), [notice(Receipt.FAILED)])
    assert verdict.resolution is not None
    assert not verdict.resolution.reopens


def test_a_repeat_of_the_failure_says_nothing_more() -> None:
    assert judge(standing(DeliveryState.FAILED, Receipt.FAILED, "wamid.1"), [notice(Receipt.FAILED)]) == Verdict()


def refused(**changes: Any) -> Notice:
    """Give the notice of a failure with another refusal."""
    told = notice(Receipt.FAILED)
    return replace(told, report=replace(told.report, refusal=replace(_REFUSAL, **changes)))


def test_a_refusal_of_the_sender_suspends_its_key_by_the_time_of_the_call() -> None:
    verdict = judge(standing(DeliveryState.SENT), [refused(code=Code.SENDER_RESTRICTED, action=Action.KEY)])
    assert verdict.resolution is not None
    follows = verdict.resolution.consequences
    assert follows.suspension is not None
    assert (follows.suspension["id"], follows.suspension["claimed_at"]) == (str(_KEY), _NOW.isoformat())
    assert follows.refund == {"id": str(_KEY), "taken_after": _NOW.isoformat()}


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED])
def test_a_mark_is_remembered_whatever_the_state(state: DeliveryState) -> None:
    verdict = judge(standing(state), [refused(mark=Mark.OPTED_OUT)])
    person = {"account_id": str(_ACCOUNT), "channel": "waba", "address": "6281234567890"}
    assert verdict.consequences.mark == {"mark": "opted_out", **person, "at": _NOW.isoformat()}


@pytest.mark.parametrize(
    ("level", "came", "confirmed"),
    [
        (Level.DELIVERED, Receipt.SENT, False),
        (Level.DELIVERED, Receipt.DELIVERED, True),
        (Level.DELIVERED, Receipt.READ, True),
        (Level.READ, Receipt.DELIVERED, False),
        (Level.READ, Receipt.READ, True),
    ],
)
def test_what_confirms(level: Level, came: Receipt, confirmed: bool) -> None:  # noqa: FBT001 - a case.
    delivery = standing(DeliveryState.SENT, until=Until(level=level, within=5), unconfirmed=True)
    verdict = judge(delivery, [notice(came)])
    assert verdict.receipt is not None
    assert (verdict.confirmed, verdict.receipt["confirms"]) == (confirmed, confirmed)
    assert [event["kind"] for event in verdict.events] == ["confirmed"] * confirmed
    assert not judge(replace(delivery, unconfirmed=False), [notice(came)]).confirmed
