"""Deliveries that are sent after all: what may be, and that the cascade comes to its end after it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from shared.domain import cascade
from shared.domain.cascade import Finish, Member, OpenTier
from shared.domain.replay import refusal
from shared.domain.states import OPEN, DeliveryState, SendState
from tests.unit.domain.test_cascade import every_assignment

Members = tuple[Member, ...]

_TIERS = [tiers for tiers in every_assignment() if list(tiers) == sorted(tiers)]
"""That the order of channels makes no difference is shown for the cascade itself."""

_WAITING, _QUEUED, _SENT = DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.SENT
_FAILED, _UNKNOWN, _SKIPPED = DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SKIPPED
_CLAIMED, _CANCELLED = DeliveryState.CLAIMED, DeliveryState.CANCELLED


def member(number: int, tier: int, state: DeliveryState, **options: Any) -> Member:
    return Member(id=UUID(int=number), tier=tier, state=state, **options)


def changed(members: Members, number: int, state: DeliveryState, **options: Any) -> Members:
    plain = replace(members[number], state=state, held=False, expired=False)
    return (*members[:number], replace(plain, **options), *members[number + 1 :])


def put(members: Members, ids: tuple[UUID, ...], state: DeliveryState) -> Members:
    return tuple(replace(each, state=state) if each.id in ids else each for each in members)


def applied(members: Members, step: cascade.Step) -> Members:
    """Do what the cascade says."""
    match step:
        case OpenTier(ids=ids):
            return put(members, ids, _QUEUED)
        case Finish(skipped=skipped):
            return put(members, skipped, _SKIPPED)
        case _:
            return members


def followers(members: Members) -> Iterator[Members]:
    """Give what workers, or for a held delivery a person, can make of each delivery that has not ended."""
    for number, each in enumerate(members):
        if each.state in OPEN:
            yield from (changed(members, number, state) for state in (_SENT, _FAILED, _UNKNOWN, _CANCELLED))
            yield changed(members, number, _UNKNOWN, held=True)
            yield changed(members, number, _CANCELLED, expired=True)
        if each.held:
            yield changed(members, number, _QUEUED)
            yield changed(members, number, _FAILED)


def reachable(start: Members) -> dict[Members, cascade.Step]:
    """Run a send in every possible way; give each situation, with the step taken in it done."""
    found: dict[Members, cascade.Step] = {}
    ahead = [start]
    while ahead:
        step = cascade.next_step(ahead[-1])
        members = applied(ahead.pop(), step)
        if members not in found:
            found[members] = step
            ahead.extend([] if isinstance(step, Finish) else followers(members))
    return found


@cache
def replays(tiers: tuple[int, ...]) -> set[Members]:
    """Give every situation into which a replay can bring a send."""
    start = tuple(member(number, tier, _WAITING if tier else _QUEUED) for number, tier in enumerate(tiers))
    return {
        changed(members, number, _QUEUED)
        for members in reachable(start)
        for number, each in enumerate(members)
        if refusal(each.id, members, expired=any(each.expired for each in members), maybe_sent=False) is None
    }


@pytest.mark.parametrize("tiers", _TIERS, ids=lambda tiers: "".join(map(str, tiers)))
def test_a_send_comes_to_its_end_after_every_replay(tiers: tuple[int, ...]) -> None:
    begun = replays(tiers)
    assert begun
    for members in begun:
        assert not {_SENT, _SKIPPED} & {each.state for each in members}
        ends = [(after, step.state) for after, step in reachable(members).items() if isinstance(step, Finish)]
        assert {state for _, state in ends} >= {SendState.SENT, SendState.UNKNOWN}
        assert not any(each.state is _WAITING for after, _ in ends for each in after)
        for after, state in ends:
            assert (state is SendState.SENT) == (_SENT in {each.state for each in after})


@pytest.mark.parametrize("tiers", _TIERS, ids=lambda tiers: "".join(map(str, tiers)))
def test_what_was_tried_is_not_tried_again_by_itself(tiers: tuple[int, ...]) -> None:
    for members in replays(tiers):
        ended = [each for each in members if each.state not in {_WAITING, _QUEUED, _CLAIMED}]
        assert all(each in after for after in reachable(members) for each in ended if not each.held)


_BUG = member(0, 0, _FAILED)


@pytest.mark.parametrize(
    ("later", "step"),
    [
        pytest.param([], Finish(state=SendState.FAILED), id="nothing else was to be tried"),
        pytest.param([member(1, 1, _FAILED)], Finish(state=SendState.FAILED), id="the fallback had failed"),
        pytest.param([member(1, 1, _UNKNOWN)], Finish(state=SendState.UNKNOWN), id="the fallback may have been sent"),
        pytest.param([member(1, 1, _WAITING)], OpenTier(tier=1, ids=(UUID(int=1),)), id="the fallback waits"),
        pytest.param(
            [member(1, 1, _FAILED), member(2, 2, _WAITING)], OpenTier(tier=2, ids=(UUID(int=2),)), id="the second fallback waits"
        ),
        pytest.param([member(1, 0, _QUEUED)], cascade.Wait(), id="the channel beside it is being tried"),
        pytest.param([member(1, 0, _UNKNOWN, held=True)], cascade.Wait(), id="the channel beside it is held"),
    ],
)
def test_what_follows_a_replay_that_fails_again(later: list[Member], step: cascade.Step) -> None:
    assert refusal(_BUG.id, [_BUG, *later], expired=False, maybe_sent=False) is None
    assert isinstance(cascade.next_step([replace(_BUG, state=_QUEUED), *later]), cascade.Wait)
    assert cascade.next_step([_BUG, *later]) == step


@pytest.mark.parametrize(
    ("members", "facts", "said"),
    [
        ([_BUG, member(1, 1, _SENT)], {}, "the send was sent by another channel"),
        ([_BUG, member(1, 0, _SENT)], {}, "the send was sent by another channel"),
        ([member(0, 0, _SENT)], {}, "the delivery is sent"),
        ([member(0, 0, _QUEUED)], {}, "the delivery is queued"),
        ([member(0, 0, _CLAIMED)], {}, "the delivery is claimed"),
        ([member(0, 0, _CANCELLED)], {}, "the delivery is cancelled"),
        ([_BUG, member(1, 1, _SKIPPED)], {"expired": True}, "the send has expired"),
        ([_BUG, member(1, 1, _QUEUED)], {}, "a later tier of the send is being tried; wait for its end"),
        ([_BUG, member(1, 1, _CLAIMED)], {}, "a later tier of the send is being tried; wait for its end"),
        ([_BUG, member(1, 1, _UNKNOWN, held=True)], {}, "a later tier of the send is being tried; wait for its end"),
        ([_BUG], {"maybe_sent": True}, "the delivery may have been sent"),
        ([_BUG, member(1, 1, _SENT)], {"expired": True, "maybe_sent": True}, "the send was sent by another channel"),
    ],
)
def test_what_is_refused(members: list[Member], facts: dict[str, bool], said: str) -> None:
    assert refusal(UUID(int=0), members, **{"expired": False, "maybe_sent": False, **facts}) == said
