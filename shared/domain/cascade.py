"""What a send does next, decided from the states of its deliveries alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.domain.confirmation import Confirmation
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
    confirmation: Confirmation = Confirmation.GIVEN
    """Whether it got as far as its send wants, if it was sent."""


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


def next_step(members: Sequence[Member], *, reopens: bool = False) -> Step:
    """Decide the next step of a send that runs, or that may turn out to have been sent.

    A tier succeeds when any of its deliveries was sent and got as far as the send wants, and is judged only once all of them have
    ended: the channels of a tier run side by side, and each has a result to show (contract, Kirisan 1.3). A person's decision and a
    confirmation are waited for only while nothing has succeeded.

    ``reopens`` says that a success has just turned out to be none: the tiers that were skipped for it have their turn after all.
    """
    succeeded = [member.tier for member in members if _has_succeeded(member)]
    if succeeded:
        return _after_success(members, min(succeeded))
    if any(member.state in OPEN or member.held for member in members):
        return Wait()
    unbegun = (DeliveryState.WAITING, DeliveryState.SKIPPED) if reopens else (DeliveryState.WAITING,)
    left = [member for member in members if member.state in unbegun]
    if not left or any(member.expired for member in members):
        return Finish(state=_without_success(members), skipped=tuple(member.id for member in left))
    return Wait() if any(_is_awaited(member) for member in members) else _open_next(left)


def reopened(members: Sequence[Member], step: Step) -> tuple[UUID, ...]:
    """Give the deliveries that were skipped for a success and wait for their turn again, by the step of a send that ``reopens``."""
    if isinstance(step, Finish) or has_success(members):
        return ()
    return tuple(member.id for member in members if member.state is DeliveryState.SKIPPED)


def has_success(members: Sequence[Member]) -> bool:
    """Tell whether a delivery was sent and got as far as its send wants."""
    return any(_has_succeeded(member) for member in members)


def _has_succeeded(member: Member) -> bool:
    return member.state is DeliveryState.SENT and member.confirmation is Confirmation.GIVEN


def _is_awaited(member: Member) -> bool:
    return member.state is DeliveryState.SENT and member.confirmation is Confirmation.AWAITED


def _open_next(left: Sequence[Member]) -> OpenTier:
    tier = min(member.tier for member in left)
    return OpenTier(tier=tier, ids=tuple(member.id for member in left if member.tier == tier))


def _after_success(members: Sequence[Member], tier: int) -> Step:
    """Finish once the tier that succeeded has ended. What later tiers have not begun is withdrawn: its success was known late."""
    if any(member.state in OPEN for member in members if member.tier <= tier):
        return Wait()
    unbegun = (DeliveryState.WAITING, DeliveryState.QUEUED)
    return Finish(state=SendState.SENT, skipped=tuple(member.id for member in members if member.state in unbegun))


def _without_success(members: Sequence[Member]) -> SendState:
    """Name the end of a send no tier of which succeeded. What was sent, confirmed or not, was sent."""
    states = {member.state for member in members}
    if DeliveryState.SENT in states:
        return SendState.SENT
    if DeliveryState.UNKNOWN in states:
        return SendState.UNKNOWN
    if any(member.expired for member in members):
        return SendState.EXPIRED
    return SendState.CANCELLED if states == {DeliveryState.CANCELLED} else SendState.FAILED
