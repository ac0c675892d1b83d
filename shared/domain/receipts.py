"""What a provider reports of a message after it took it, and what that says of the delivery.

Reports come twice, late and in any order, so what is kept of them is the furthest one: the same whatever the order.
"""

from enum import StrEnum
from typing import Final

from shared.domain.states import DeliveryState


class Receipt(StrEnum):
    """How far a message got, as its provider says."""

    SENT = "sent"
    """The provider sent it on."""
    DELIVERED = "delivered"
    """It is on the recipient's device."""
    READ = "read"
    """The recipient has opened it."""
    FAILED = "failed"
    """The provider could not deliver it."""


_ORDER: Final = (Receipt.SENT, Receipt.FAILED, Receipt.DELIVERED, Receipt.READ)
"""A failure comes after *sent*, which is no more than a try, and before *delivered*, which proves that the message arrived."""

_OPEN: Final = frozenset({DeliveryState.QUEUED, DeliveryState.CLAIMED})
_RESOLVABLE: Final = frozenset(DeliveryState) - {DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.SENT}
_REFUTABLE: Final = frozenset({DeliveryState.UNKNOWN, DeliveryState.SENT})


def rank(receipt: Receipt) -> int:
    """Give a receipt's place in the order in which receipts follow each other."""
    return _ORDER.index(receipt)


def furthest(held: Receipt | None, came: Receipt) -> Receipt:
    """Give what is known after another receipt came."""
    return came if held is None else max(held, came, key=rank)


def must_wait(state: DeliveryState, came: Receipt) -> bool:
    """Tell whether a receipt says nothing yet: a failure, while a call may still have another outcome."""
    return came is Receipt.FAILED and state in _OPEN


def resolution(state: DeliveryState, held: Receipt | None, came: Receipt) -> DeliveryState | None:
    """Give the state that a delivery turns out to have, if its own is not the truth.

    That it was sent is the truth whatever was believed, until its provider says that it could not deliver it after all: that is the
    truth of one that was sent, or is unknown, unless it was reported to have arrived. A call under way has its outcome first.
    """
    if furthest(held, came) is Receipt.FAILED:
        return DeliveryState.FAILED if came is Receipt.FAILED and state in _REFUTABLE else None
    return DeliveryState.SENT if state in _RESOLVABLE else None
