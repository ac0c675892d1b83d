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
    SKIPPED = auto()
    CANCELLED = auto()
    EXPIRED = auto()


STATES = {mark: DeliveryState[mark.name] for mark in Mark if mark not in {Mark.HELD, Mark.EXPIRED}} | {
    Mark.HELD: DeliveryState.UNKNOWN,
    Mark.EXPIRED: DeliveryState.CANCELLED,
}
OPEN = {Mark.QUEUED, Mark.CLAIMED}
UNBEGUN = {Mark.WAITING, Mark.QUEUED}
BY_HAND = {
    Mark.QUEUED: (Mark.CLAIMED,),
    Mark.CLAIMED: (Mark.QUEUED, Mark.SENT, Mark.FAILED, Mark.UNKNOWN, Mark.HELD, Mark.CANCELLED, Mark.EXPIRED),
    Mark.HELD: (Mark.QUEUED, Mark.FAILED, Mark.SENT),
}
"""What a worker, or for a held delivery a person, can make of it."""
LEARNED = {Mark.UNKNOWN: (Mark.SENT, Mark.FAILED)}
"""What may become known late, after other tiers were opened or the send has its answer."""

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


def named(tiers: Tiers) -> str:
    return "".join(map(str, tiers))


def by_the_book(tiers: Tiers, marks: Marks) -> cascade.Step:
    """Walk the tiers in their order, as a person would read the rule."""
    awaited = OPEN if Mark.SENT in marks else OPEN | {Mark.HELD}
    for tier in range(max(tiers) + 1):
        here = {number: mark for number, mark in enumerate(marks) if tiers[number] == tier}
        if awaited & set(here.values()):
            return Wait()
        if Mark.SENT in here.values():
            return Finish(state=SendState.SENT, skipped=_numbers(marks, UNBEGUN))
        if Mark.WAITING in here.values() and Mark.EXPIRED not in marks:
            return OpenTier(tier=tier, ids=tuple(UUID(int=number) for number in here))
    return Finish(state=_worst(set(marks)), skipped=_numbers(marks, {Mark.WAITING}))


def _numbers(marks: Marks, wanted: set[Mark]) -> tuple[UUID, ...]:
    return tuple(UUID(int=number) for number, mark in enumerate(marks) if mark in wanted)


def _worst(marks: set[Mark]) -> SendState:
    """Name the end of a send of which nothing was sent: what is least certain decides."""
    if Mark.UNKNOWN in marks:
        return SendState.UNKNOWN
    if Mark.EXPIRED in marks:
        return SendState.EXPIRED
    return SendState.FAILED if Mark.FAILED in marks else SendState.CANCELLED


def applied(marks: Marks, step: cascade.Step) -> Marks:
    """Give what the step makes of the deliveries."""
    if isinstance(step, Wait):
        return marks
    chosen, becomes = (step.ids, Mark.QUEUED) if isinstance(step, OpenTier) else (step.skipped, Mark.SKIPPED)
    return tuple(becomes if UUID(int=number) in chosen else mark for number, mark in enumerate(marks))


def followers(marks: Marks, step: cascade.Step) -> Iterator[Marks]:
    """Give what can come next: what the step makes of it, and whatever may happen to any one delivery meanwhile."""
    if not isinstance(step, Wait):
        yield applied(marks, step)
    for number, mark in enumerate(marks):
        happens = (*LEARNED.get(mark, ()), *(BY_HAND.get(mark, ()) if isinstance(step, Wait) else ()))
        yield from ((*marks[:number], after, *marks[number + 1 :]) for after in happens)


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


def test_all_assignments_are_there() -> None:
    assert len(every_assignment()) == 1 + 3 + 13 + 51


@pytest.mark.parametrize("tiers", every_assignment(), ids=named)
def test_every_run_goes_by_the_book(tiers: Tiers) -> None:
    for marks, step in reachable(tiers):
        assert step == by_the_book(tiers, marks), marks


@pytest.mark.parametrize("tiers", every_assignment(), ids=named)
def test_every_run_can_come_to_each_of_its_ends(tiers: Tiers) -> None:
    ends = {step.state for _, step in reachable(tiers) if isinstance(step, Finish)}
    assert ends == {SendState.SENT, SendState.FAILED, SendState.UNKNOWN, SendState.CANCELLED, SendState.EXPIRED}


def assert_sane(tiers: Tiers, marks: Marks, step: cascade.Step) -> None:
    """Assert what must hold in whatever state deliveries are found, be it one that no run comes to."""
    succeeded = min((tier for tier, mark in zip(tiers, marks, strict=True) if mark is Mark.SENT), default=None)
    match step:
        case Wait():
            assert {*OPEN, Mark.HELD} & set(marks)
        case OpenTier(tier=tier, ids=opened):
            assert succeeded is None
            assert {(tiers[each.int], marks[each.int]) for each in opened} == {(tier, Mark.WAITING)}
            assert not OPEN & set(marks)
        case Finish(state=state, skipped=skipped):
            assert (state is SendState.SENT) == (succeeded is not None)
            assert all(marks[each.int] in UNBEGUN for each in skipped)
            left = {tier for tier, mark in zip(tiers, applied(marks, step), strict=True) if mark in OPEN | UNBEGUN}
            assert not left or (succeeded is not None and min(left) > succeeded)


def run_to_its_end(tiers: Tiers, marks: Marks) -> list[cascade.Step]:
    """Take step after step, while everything that is called fails and everything held is given up."""
    gives_up = {Mark.QUEUED: Mark.FAILED, Mark.CLAIMED: Mark.FAILED, Mark.HELD: Mark.FAILED}
    steps = [next_step(tiers, marks)]
    while not isinstance(steps[-1], Finish):
        assert len(steps) <= 2 * len(tiers) + 1, steps
        marks = applied(marks, steps[-1])
        marks = tuple(gives_up.get(mark, mark) for mark in marks) if isinstance(steps[-1], Wait) else marks
        steps.append(next_step(tiers, marks))
    assert next_step(tiers, applied(marks, steps[-1])) == Finish(state=steps[-1].state)
    return steps


@pytest.mark.parametrize("tiers", [(0,), (0, 0), (0, 1), (0, 0, 1), (0, 1, 1), (0, 0, 1, 1)], ids=named)
def test_whatever_the_states_the_step_is_sane_and_steps_come_to_an_end(tiers: Tiers) -> None:
    for marks in product(Mark, repeat=len(tiers)):
        assert_sane(tiers, marks, next_step(tiers, marks))
        assert run_to_its_end(tiers, marks)


W, Q, C, S, F = Mark.WAITING, Mark.QUEUED, Mark.CLAIMED, Mark.SENT, Mark.FAILED
U, H, X, E, K = Mark.UNKNOWN, Mark.HELD, Mark.CANCELLED, Mark.EXPIRED, Mark.SKIPPED


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
        pytest.param((0, 0), (H, S), Finish(state=SendState.SENT), id="a held one beside a success needs nobody"),
        pytest.param((0, 0, 1), (H, F, W), Wait(), id="a held one beside a failure waits for a person"),
        pytest.param((0, 1), (S, Q), Finish(state=SendState.SENT, skipped=ids(1)), id="learned late, the fallback is queued"),
        pytest.param((0, 1, 2), (S, F, W), Finish(state=SendState.SENT, skipped=ids(2)), id="learned late, the fallback failed"),
        pytest.param((0, 1), (S, C), Finish(state=SendState.SENT), id="learned late, while the fallback is called"),
        pytest.param((0, 1), (S, S), Finish(state=SendState.SENT), id="learned late, after the fallback was sent too"),
        pytest.param((0, 1), (C, S), Wait(), id="a repeat of the first channel after the fallback was sent"),
        pytest.param((0, 0, 1), (E, S, K), Finish(state=SendState.SENT), id="learned late, after the time had passed"),
    ],
)
def test_named_rows(tiers: Tiers, marks: Marks, step: cascade.Step) -> None:
    assert next_step(tiers, marks) == step
