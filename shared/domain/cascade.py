"""What a send does next, decided from the states of its deliveries alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.domain.states import OPEN, DeliveryState, SendState


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One delivery as the cascade sees it."""

    id: UUID
    tier: int
    state: DeliveryState
    held: bool = False
    """Unknown, and its key wants a person to decide."""
    expired: bool = False
    """Stopped because the send's time had passed, which ends the send: a later tier would be later still."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do: a delivery of the open tier has not ended, or a person must decide."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenTier:
    """Every delivery of the tiers before ended without success: queue these together."""

    tier: int
    ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """The send has its answer; ``skipped`` are the deliveries whose turn never came."""

    state: SendState
    skipped: tuple[UUID, ...] = ()


Step = Wait | OpenTier | Finish


def next_step(members: Sequence[Member]) -> Step:
    """Decide the next step of a send that runs, or that may turn out to have been sent.

    A tier succeeds when any of its deliveries was sent, and is judged only once all of them have ended: the channels of a tier
    run side by side, and each has a result to show (contract, Kirisan 1.3). A person's decision is waited for only while nothing
    was sent.
    """
    sent = [member.tier for member in members if member.state is DeliveryState.SENT]
    if sent:
        return _after_success(members, min(sent))
    if any(member.state in OPEN or member.held for member in members):
        return Wait()
    waiting = [member for member in members if member.state is DeliveryState.WAITING]
    if not waiting or any(member.expired for member in members):
        return Finish(state=_without_success(members), skipped=tuple(member.id for member in waiting))
    tier = min(member.tier for member in waiting)
    return OpenTier(tier=tier, ids=tuple(member.id for member in waiting if member.tier == tier))


def _after_success(members: Sequence[Member], tier: int) -> Step:
    """Finish once the tier that succeeded has ended. What later tiers have not begun is withdrawn: its success was known late."""
    if any(member.state in OPEN for member in members if member.tier <= tier):
        return Wait()
    unbegun = (DeliveryState.WAITING, DeliveryState.QUEUED)
    return Finish(state=SendState.SENT, skipped=tuple(member.id for member in members if member.state in unbegun))


def _without_success(members: Sequence[Member]) -> SendState:
    states = {member.state for member in members}
    if DeliveryState.UNKNOWN in states:
        return SendState.UNKNOWN
    if any(member.expired for member in members):
        return SendState.EXPIRED
    return SendState.CANCELLED if states == {DeliveryState.CANCELLED} else SendState.FAILED
