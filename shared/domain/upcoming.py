"""What is to come of a send that has not ended, or of a delivery that may yet turn out to be something else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.domain.send import DeliveryView, SendView
from shared.domain.states import FINAL_SENDS, DeliveryState, SendState


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is due of a delivery, and by what it goes."""

    key_id: UUID
    key: str | None
    """The channel key's name."""
    key_status: str | None
    queue: str
    lease_until: datetime | None
    """Until when a worker may hold it."""
    resolve_at: datetime | None
    """When its provider is asked what became of it, of which nobody knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Something that is to come."""

    text: str
    at: datetime | None = None
    """``None`` where it has no time of its own."""


def steps(send: SendView, standings: Mapping[UUID, Standing], now: datetime) -> list[Step]:
    """Tell what is to come of a send, that with a time first, in its order."""
    found = [*_of_send(send), *(step for each in send.deliveries for step in _of_delivery(send, each, standings[each.id], now))]
    return sorted(found, key=lambda step: (step.at is None, step.at or now))


def _of_send(send: SendView) -> Iterator[Step]:
    if send.state is SendState.SCHEDULED:
        yield Step(at=send.schedule, text="it becomes due")
    if send.state not in FINAL_SENDS and send.expires_at:
        yield Step(at=send.expires_at, text="what is left of it expires")


def _of_delivery(send: SendView, delivery: DeliveryView, standing: Standing, now: datetime) -> Iterator[Step]:
    channel = delivery.channel
    if send.state is not SendState.SCHEDULED and delivery.state in _OPEN:
        yield _OPEN[delivery.state](delivery, standing, now)
    if delivery.confirm_by and send.until:
        yield Step(at=delivery.confirm_by, text=f"{channel}: unless it is {send.until.level} by then, the next tier opens")
    if standing.resolve_at:
        yield Step(at=standing.resolve_at, text=f"{channel}: its provider is asked what became of it")
    if delivery.held:
        yield Step(text=f"{channel}: a person decides")


def _queued(delivery: DeliveryView, standing: Standing, now: datetime) -> Step:
    if delivery.not_before and delivery.not_before > now:
        again = "tried again" if delivery.attempts else "its turn comes"
        return Step(at=delivery.not_before, text=f"{delivery.channel}: {again}")
    return Step(text=f"{delivery.channel}: the next free worker of queue {standing.queue} takes it")


def _claimed(delivery: DeliveryView, standing: Standing, _now: datetime) -> Step:
    return Step(at=standing.lease_until, text=f"{delivery.channel}: a worker calls; unheard of by then, it counts as lost")


def _waiting(delivery: DeliveryView, _standing: Standing, _now: datetime) -> Step:
    return Step(text=f"{delivery.channel}: tier {delivery.tier} opens if the one before it ends without success")


_OPEN: Final = {DeliveryState.QUEUED: _queued, DeliveryState.CLAIMED: _claimed, DeliveryState.WAITING: _waiting}
"""The states in which a delivery has something before it."""
