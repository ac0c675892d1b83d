"""Successes that are waited for, and successes that turn out to be none: step by step, and in every order."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import cascade, confirmation, receipts
from shared.domain.cascade import Finish, Member, OpenTier, Step, Wait
from shared.domain.channels import Channel
from shared.domain.confirmation import Confirmation, Level, Until
from shared.domain.key_settings import falls_back_late
from shared.domain.receipts import Receipt
from shared.domain.states import OPEN, DeliveryState, SendState

_AWAITED, _MISSING, _GIVEN = Confirmation.AWAITED, Confirmation.MISSING, Confirmation.GIVEN
_WAITING, _QUEUED, _SENT = DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.SENT
_FAILED, _UNKNOWN, _SKIPPED = DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SKIPPED
_CLAIMED, _CANCELLED = DeliveryState.CLAIMED, DeliveryState.CANCELLED


def member(number: int, tier: int, state: DeliveryState, given: Confirmation = _GIVEN, **options: Any) -> Member:
    return Member(id=UUID(int=number), tier=tier, state=state, confirmation=given, **options)


def opens(tier: int, *numbers: int) -> OpenTier:
    return OpenTier(tier=tier, ids=tuple(UUID(int=number) for number in numbers))


def finish(state: SendState, *skipped: int) -> Finish:
    return Finish(state=state, skipped=tuple(UUID(int=number) for number in skipped))


@pytest.mark.parametrize(
    ("members", "step"),
    [
        pytest.param([(0, _SENT, _AWAITED), (1, _WAITING)], Wait(), id="it is waited for"),
        pytest.param([(0, _SENT, _GIVEN), (1, _WAITING)], finish(SendState.SENT, 1), id="it came"),
        pytest.param([(0, _SENT, _MISSING), (1, _WAITING)], opens(1, 1), id="it did not come"),
        pytest.param([(0, _SENT, _AWAITED)], finish(SendState.SENT), id="nothing would follow"),
        pytest.param([(0, _SENT, _MISSING)], finish(SendState.SENT), id="nothing follows"),
        pytest.param([(0, _SENT, _AWAITED), (1, _SKIPPED)], finish(SendState.SENT), id="nothing follows any more"),
        pytest.param([(0, _SENT, _MISSING), (1, _FAILED)], finish(SendState.SENT), id="the fallback failed"),
        pytest.param([(0, _SENT, _MISSING), (1, _SENT, _GIVEN)], finish(SendState.SENT), id="the fallback came"),
        pytest.param([(0, _SENT, _MISSING), (1, _SENT, _AWAITED), (2, _WAITING)], Wait(), id="the fallback is waited for"),
        pytest.param([(0, _SENT, _MISSING), (1, _SENT, _MISSING), (2, _WAITING)], opens(2, 2), id="nor did the fallback come"),
        pytest.param([(0, _SENT, _GIVEN), (1, _QUEUED)], finish(SendState.SENT, 1), id="it came late, before the fallback began"),
        pytest.param([(0, _SENT, _AWAITED), (0, _QUEUED), (1, _WAITING)], Wait(), id="the channel beside it is tried"),
        pytest.param([(0, _SENT, _AWAITED), (0, _FAILED), (1, _WAITING)], Wait(), id="the channel beside it failed"),
        pytest.param([(0, _SENT, _AWAITED), (0, _SENT, _GIVEN), (1, _WAITING)], finish(SendState.SENT, 2), id="the other came"),
        pytest.param([(0, _FAILED), (1, _SKIPPED)], finish(SendState.FAILED), id="a success turned out to be none, too late"),
    ],
)
def test_the_next_step(members: list[tuple[Any, ...]], step: Step) -> None:
    assert cascade.next_step([member(number, *each) for number, each in enumerate(members)]) == step


@pytest.mark.parametrize(
    ("members", "step", "reopened"),
    [
        pytest.param([(0, _FAILED), (1, _SKIPPED)], opens(1, 1), [1], id="the fallback has its turn"),
        pytest.param([(0, _FAILED), (1, _SKIPPED), (2, _SKIPPED)], opens(1, 1), [1, 2], id="and those after it will have"),
        pytest.param([(0, _FAILED), (1, _FAILED), (2, _SKIPPED)], opens(2, 2), [2], id="what was tried is not tried again"),
        pytest.param([(0, _FAILED), (0, _SENT), (1, _SKIPPED)], finish(SendState.SENT), [], id="the other is enough"),
        pytest.param([(0, _FAILED), (1, _SENT), (2, _SKIPPED)], finish(SendState.SENT), [], id="a later tier is enough"),
        pytest.param([(0, _FAILED), (1, _CLAIMED), (2, _SKIPPED)], Wait(), [2], id="what is under way comes first"),
        pytest.param([(0, _FAILED)], finish(SendState.FAILED), [], id="there is nothing else"),
    ],
)
def test_a_success_that_was_none(members: list[tuple[Any, ...]], step: Step, reopened: list[int]) -> None:
    found = [member(number, *each) for number, each in enumerate(members)]
    assert cascade.next_step(found, reopens=True) == step
    assert cascade.reopened(found, step) == tuple(UUID(int=number) for number in reopened)


def test_after_its_expiry_nothing_is_reopened() -> None:
    members = [member(0, 0, _FAILED), member(1, 1, _CANCELLED, expired=True), member(2, 2, _SKIPPED)]
    step = cascade.next_step(members, reopens=True)
    assert isinstance(step, Finish)
    assert (step.state, cascade.reopened(members, step)) == (SendState.EXPIRED, ())


def test_a_held_delivery_is_decided_before_anything_is_reopened() -> None:
    members = [member(0, 0, _FAILED), member(1, 0, _UNKNOWN, held=True), member(2, 1, _SKIPPED)]
    assert cascade.next_step(members, reopens=True) == Wait()


@pytest.mark.parametrize("seconds", [5.0, 0.1, 0.0, -0.1, -29.9, -30.0, -60.0])
def test_when_its_time_is_over(seconds: float) -> None:
    assert confirmation.is_over(seconds, unheard=False) is (seconds <= 0)
    assert confirmation.is_over(seconds, unheard=True) is (seconds <= -30)


def test_what_is_missing_is_named() -> None:
    assert confirmation.missing(Until(level=Level.READ, within=5)) == "not read within 5 s"


@pytest.mark.parametrize("channel", Channel)
def test_a_key_says_whether_late_failures_fall_back(channel: Channel) -> None:
    assert falls_back_late(channel, {}) is (channel is Channel.WABA)
    assert [falls_back_late(channel, {"late_fallback": said}) for said in (True, False)] == [True, False]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A delivery as its row is."""

    tier: int
    state: DeliveryState
    receipt: Receipt | None = None
    awaited: bool = False
    missing: bool = False

    @property
    def given(self) -> Confirmation:
        return _AWAITED if self.awaited else _MISSING if self.missing else _GIVEN


class Model:
    """A send, as the statements change it."""

    def __init__(self, tiers: list[int], level: Level) -> None:
        self.level = level
        self.rows = [Delivery(tier=tier, state=_WAITING if tier else _QUEUED) for tier in tiers]
        self.state = SendState.RUNNING
        self.early: list[tuple[int, Receipt]] = []
        self.heard: list[tuple[int, Receipt]] = []

    def move(self, *, reopens: bool = False) -> None:
        """Take the next step, as ``advance`` does."""
        members = [member(number, row.tier, row.state, row.given) for number, row in enumerate(self.rows)]
        step = cascade.next_step(members, reopens=reopens)
        for identifier in cascade.reopened(members, step) if reopens else ():
            self.change(identifier.int, state=_WAITING)
        changed, becomes = {
            OpenTier: (getattr(step, "ids", ()), _QUEUED),
            Finish: (getattr(step, "skipped", ()), _SKIPPED),
            Wait: ((), _WAITING),
        }[type(step)]
        for identifier in changed:
            self.change(identifier.int, state=becomes)
        if isinstance(step, Finish):
            self.state = step.state
        elif not cascade.has_success(members):
            self.state = SendState.RUNNING

    def change(self, number: int, **values: Any) -> None:
        self.rows[number] = replace(self.rows[number], **values)

    def claim(self, number: int) -> None:
        if self.rows[number].state is _QUEUED:
            self.change(number, state=_CLAIMED)

    def call(self, number: int, state: DeliveryState) -> None:
        """Record the outcome of a call; what a receipt told before counts."""
        self.claim(number)
        row = self.rows[number]
        if row.state is not _CLAIMED:
            return
        truth = _SENT if row.receipt and row.receipt is not Receipt.FAILED else state
        self.change(number, state=truth, awaited=truth is _SENT and not confirmation.is_met(self.level, row.receipt))
        self.move()

    def report(self, number: int, came: Receipt) -> None:
        """Record a receipt of a message that was called at least once."""
        row = self.rows[number]
        if row.state in {_WAITING, _QUEUED, _SKIPPED}:
            return
        self.heard.append((number, came))
        if receipts.must_wait(row.state, came):
            self.early.append((number, came))
            return
        state = receipts.resolution(row.state, row.receipt, came) or row.state
        held = receipts.furthest(row.receipt, came)
        self.change(number, state=state, receipt=held)
        if confirmation.is_met(self.level, held) or state is not _SENT:
            self.change(number, awaited=False, missing=False)
        elif row.state is not _SENT:
            self.change(number, awaited=True)
        self.move(reopens=row.state is _SENT and state is _FAILED)

    def time_out(self, number: int) -> None:
        if self.rows[number].awaited:
            self.change(number, awaited=False, missing=True)
            self.move()

    def drain(self) -> None:
        """Let everything come to its end: what can be claimed fails, what is waited for does not come."""
        while self.early or any(row.awaited or row.state in OPEN for row in self.rows):
            for number in range(len(self.rows)):
                self.call(number, _FAILED)
                self.time_out(number)
            early, self.early = self.early, []
            for number, came in early:
                self.report(number, came)


_NUMBERS = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
_HAPPENINGS = st.one_of(
    st.tuples(st.just("claim"), _NUMBERS),
    st.tuples(st.just("call"), _NUMBERS, st.sampled_from([_SENT, _SENT, _FAILED, _UNKNOWN])),
    st.tuples(st.just("report"), _NUMBERS, st.sampled_from([*Receipt, Receipt.FAILED])),
    st.tuples(st.just("time_out"), _NUMBERS),
)


@settings(max_examples=400)
@given(st.sampled_from([[0, 0, 1], [0, 1, 2], [0, 1, 1, 2]]), st.sampled_from(Level), st.lists(_HAPPENINGS, max_size=25))
def test_whatever_happens_in_whatever_order_it_ends_coherent(
    tiers: list[int], level: Level, happenings: list[tuple[Any, ...]]
) -> None:
    model = Model(tiers, level)
    for name, number, *more in happenings:
        if number < len(tiers):
            getattr(model, name)(number, *more)
    model.drain()
    states = [row.state for row in model.rows]
    assert (model.state is SendState.SENT) == (_SENT in states)
    assert model.state is not SendState.RUNNING
    assert _WAITING not in states
    arrived = [row for row in model.rows if row.receipt in {Receipt.DELIVERED, Receipt.READ}]
    assert all(row.state is _SENT for row in arrived)
    assert not any(row.state is _SENT and row.receipt is Receipt.FAILED for row in model.rows)
    if not any(row.state is _SENT and row.given is _GIVEN for row in model.rows):
        assert _SKIPPED not in states
    settled = (list(model.rows), model.state)
    for number, came in tuple(model.heard):
        model.report(number, came)
    assert (model.rows, model.state) == settled
