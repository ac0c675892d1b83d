from collections.abc import Iterator
from enum import Enum, auto
from itertools import product
from uuid import UUID

import pytest

from shared.domain import cascade
from shared.domain.cascade import Finish, Member, OpenTier, Wait
from shared.domain.states import DeliveryState, SendState

MOST_DELIVERIES = 4
MOST_TIERS = 3


class Mark(Enum):
    """What a delivery can look like to the cascade."""

    WAITING = auto()
    QUEUED = auto()
    CLAIMED = auto()
    SENT = auto()
    FAILED = auto()
    UNKNOWN = auto()
    HELD = auto()
    CANCELLED = auto()
    EXPIRED = auto()


STATES = {mark: DeliveryState[mark.name] for mark in Mark if mark not in {Mark.HELD, Mark.EXPIRED}} | {
    Mark.HELD: DeliveryState.UNKNOWN,
    Mark.EXPIRED: DeliveryState.CANCELLED,
}
UNENDED = {Mark.QUEUED, Mark.CLAIMED, Mark.HELD}
AFTER = {
    Mark.QUEUED: (Mark.CLAIMED,),
    Mark.CLAIMED: (Mark.QUEUED, Mark.SENT, Mark.FAILED, Mark.UNKNOWN, Mark.HELD, Mark.CANCELLED, Mark.EXPIRED),
    Mark.HELD: (Mark.QUEUED, Mark.UNKNOWN),
}
"""What a worker, or for a held delivery a person, can make of it."""

Tiers = tuple[int, ...]
Marks = tuple[Mark, ...]


def member(number: int, tier: int, mark: Mark) -> Member:
    return Member(id=UUID(int=number), tier=tier, state=STATES[mark], held=mark is Mark.HELD, expired=mark is Mark.EXPIRED)


def next_step(tiers: Tiers, marks: Marks) -> cascade.Step:
    return cascade.next_step([member(number, tier, mark) for number, (tier, mark) in enumerate(zip(tiers, marks, strict=True))])


def every_assignment() -> list[Tiers]:
    """Every way to lay 1 to 4 deliveries into up to 3 tiers without a gap."""
    sizes = range(1, MOST_DELIVERIES + 1)
    laid = (tiers for size in sizes for tiers in product(range(MOST_TIERS), repeat=size))
    return [tiers for tiers in laid if set(tiers) == set(range(max(tiers) + 1))]


def by_the_book(tiers: Tiers, marks: Marks) -> cascade.Step:
    """Walk the tiers in their order, as a person would read the rule."""
    seen: list[Mark] = []
    for tier in range(max(tiers) + 1):
        here = {number: mark for number, mark in enumerate(marks) if tiers[number] == tier}
        later = tuple(UUID(int=number) for number in range(len(marks)) if tiers[number] > tier)
        if UNENDED & set(here.values()):
            return Wait()
        if set(here.values()) == {Mark.WAITING}:
            return OpenTier(tier=tier, ids=tuple(UUID(int=number) for number in here))
        seen.extend(here.values())
        if Mark.SENT in here.values():
            return Finish(state=SendState.SENT, skipped=later)
        if Mark.EXPIRED in here.values():
            return Finish(state=SendState.UNKNOWN if Mark.UNKNOWN in seen else SendState.EXPIRED, skipped=later)
    if Mark.UNKNOWN in seen:
        return Finish(state=SendState.UNKNOWN)
    return Finish(state=SendState.FAILED if Mark.FAILED in seen else SendState.CANCELLED)


def opened(marks: Marks, step: OpenTier) -> Marks:
    return tuple(Mark.QUEUED if UUID(int=number) in step.ids else mark for number, mark in enumerate(marks))


def followers(marks: Marks, step: cascade.Step) -> Iterator[Marks]:
    """Give what can come next: the tier that opens, or whatever may happen to any one delivery."""
    if isinstance(step, OpenTier):
        yield opened(marks, step)
    if isinstance(step, Wait):
        for number, mark in enumerate(marks):
            yield from ((*marks[:number], after, *marks[number + 1 :]) for after in AFTER.get(mark, ()))


def reachable(tiers: Tiers) -> Iterator[tuple[Marks, cascade.Step]]:
    """Run a send from its start in every possible way, and give each situation once with the step taken in it."""
    start = tuple(Mark.WAITING if tier else Mark.QUEUED for tier in tiers)
    found, ahead = {start}, [start]
    while ahead:
        marks = ahead.pop()
        step = next_step(tiers, marks)
        yield marks, step
        fresh = set(followers(marks, step)) - found
        found |= fresh
        ahead.extend(fresh)


def assert_sound(tiers: Tiers, marks: Marks, step: cascade.Step) -> None:
    """Assert the rules that hold in every situation, whatever the step."""
    lowest_waiting = min((tier for tier, mark in zip(tiers, marks, strict=True) if mark is Mark.WAITING), default=MOST_TIERS)
    assert all(tier < lowest_waiting for tier, mark in zip(tiers, marks, strict=True) if mark is not Mark.WAITING)
    highest_open = max((tier for tier, mark in zip(tiers, marks, strict=True) if mark is not Mark.WAITING), default=-1)
    before = {mark for tier, mark in zip(tiers, marks, strict=True) if tier < highest_open}
    assert not before & (UNENDED | {Mark.SENT, Mark.EXPIRED})
    assert isinstance(step, Wait) == bool(UNENDED & set(marks))
    if isinstance(step, Finish):
        assert step.skipped == tuple(UUID(int=number) for number, mark in enumerate(marks) if mark is Mark.WAITING)
        assert (step.state is SendState.SENT) == (Mark.SENT in marks)


def test_all_assignments_are_there() -> None:
    assert len(every_assignment()) == 1 + 3 + 13 + 51


@pytest.mark.parametrize("tiers", every_assignment(), ids=lambda tiers: "".join(map(str, tiers)))
def test_every_run_goes_by_the_book(tiers: Tiers) -> None:
    for marks, step in reachable(tiers):
        assert step == by_the_book(tiers, marks), marks
        assert_sound(tiers, marks, step)


@pytest.mark.parametrize("tiers", every_assignment(), ids=lambda tiers: "".join(map(str, tiers)))
def test_every_run_can_come_to_each_of_its_ends(tiers: Tiers) -> None:
    ends = {step.state for _, step in reachable(tiers) if isinstance(step, Finish)}
    assert ends == {SendState.SENT, SendState.FAILED, SendState.UNKNOWN, SendState.CANCELLED, SendState.EXPIRED}


W, Q, C, S, F = Mark.WAITING, Mark.QUEUED, Mark.CLAIMED, Mark.SENT, Mark.FAILED
U, H, X, E = Mark.UNKNOWN, Mark.HELD, Mark.CANCELLED, Mark.EXPIRED


def ids(*numbers: int) -> tuple[UUID, ...]:
    return tuple(UUID(int=number) for number in numbers)


@pytest.mark.parametrize(
    ("tiers", "marks", "step"),
    [
        pytest.param((0,), (Q,), Wait(), id="nothing happened yet"),
        pytest.param((0,), (C,), Wait(), id="a call is being made"),
        pytest.param((0,), (S,), Finish(state=SendState.SENT), id="one channel, sent"),
        pytest.param((0,), (F,), Finish(state=SendState.FAILED), id="one channel, failed"),
        pytest.param((0, 1), (F, W), OpenTier(tier=1, ids=ids(1)), id="the fallback opens after a failure"),
        pytest.param((0, 1), (S, W), Finish(state=SendState.SENT, skipped=ids(1)), id="the fallback is skipped after a success"),
        pytest.param((0, 1), (F, S), Finish(state=SendState.SENT), id="the fallback was sent"),
        pytest.param((0, 1), (F, F), Finish(state=SendState.FAILED), id="the fallback failed too"),
        pytest.param((0, 0, 1), (F, C, W), Wait(), id="the fallback waits for the other channel of the tier before"),
        pytest.param((0, 0, 1), (S, C, W), Wait(), id="a success lets the channel beside it end"),
        pytest.param((0, 0, 1), (F, S, W), Finish(state=SendState.SENT, skipped=ids(2)), id="one success of two is a success"),
        pytest.param((0, 1, 1), (F, W, W), OpenTier(tier=1, ids=ids(1, 2)), id="a tier opens as a whole"),
        pytest.param((0, 1, 2), (F, W, W), OpenTier(tier=1, ids=ids(1)), id="tiers open one after the other"),
        pytest.param((2, 0, 1), (W, F, F), OpenTier(tier=2, ids=ids(0)), id="tiers count, not the order of channels"),
        pytest.param((0, 1), (U, W), OpenTier(tier=1, ids=ids(1)), id="an unknown outcome opens the fallback"),
        pytest.param((0, 1), (H, W), Wait(), id="a held one waits for a person"),
        pytest.param((0, 1), (U, F), Finish(state=SendState.UNKNOWN), id="unknown outweighs failed"),
        pytest.param((0, 1), (U, S), Finish(state=SendState.SENT), id="sent outweighs unknown"),
        pytest.param((0, 0), (X, X), Finish(state=SendState.CANCELLED), id="all cancelled"),
        pytest.param((0, 0), (X, F), Finish(state=SendState.FAILED), id="failed outweighs cancelled"),
        pytest.param((0, 1), (E, W), Finish(state=SendState.EXPIRED, skipped=ids(1)), id="no fallback after the time has passed"),
        pytest.param((0, 1), (F, E), Finish(state=SendState.EXPIRED), id="the time passed before the fallback"),
        pytest.param((0, 0), (E, S), Finish(state=SendState.SENT), id="sent outweighs expired"),
        pytest.param((0, 0, 1), (E, U, W), Finish(state=SendState.UNKNOWN, skipped=ids(2)), id="unknown outweighs expired"),
    ],
)
def test_named_rows(tiers: Tiers, marks: Marks, step: cascade.Step) -> None:
    assert next_step(tiers, marks) == step
