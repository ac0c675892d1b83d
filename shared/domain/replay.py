"""Whether a delivery that our own code failed at may be sent after all."""

from collections.abc import Sequence
from uuid import UUID

from shared.domain.cascade import Member
from shared.domain.states import OPEN, DeliveryState

_ENDED = frozenset({DeliveryState.FAILED, DeliveryState.UNKNOWN})


def refusal(delivery_id: UUID, members: Sequence[Member], *, expired: bool, maybe_sent: bool) -> str | None:
    """Say why a delivery of a send's ``members`` must not be queued again, or give ``None``.

    ``expired``: the send's time has passed. ``maybe_sent``: the delivery itself may have been sent, and nobody has said that it
    may be sent twice.

    What this lets pass goes on by the cascade as it is: a later tier that was tried has ended and stays as it is, one that was not
    still waits, and none was skipped, since that only a success or the expiry does.
    """
    delivery = next(member for member in members if member.id == delivery_id)
    if delivery.state is not DeliveryState.SENT and any(member.state is DeliveryState.SENT for member in members):
        return "the send was sent by another channel"
    if delivery.state not in _ENDED:
        return f"the delivery is {delivery.state}"
    if expired:
        return "the send has expired"
    if any(member.tier > delivery.tier and (member.state in OPEN or member.held) for member in members):
        return "a later tier of the send is being tried; wait for its end"
    return "the delivery may have been sent" if maybe_sent else None
