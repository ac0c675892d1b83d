"""A message as the Kirim contract knows it (2.2): one delivery, told of by how far it got."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from shared.domain import message_errors
from shared.domain.message_errors import MessageError
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState


class Status(StrEnum):
    """How far a message got."""

    PENDING = "pending"
    """It is to be sent."""
    SENT = "sent"
    """Meta has it."""
    DELIVERED = "delivered"
    """It is on the recipient's device."""
    READ = "read"
    """The recipient has opened it."""
    FAILED = "failed"
    """It did not get there, or nobody can say whether it was sent; the error says why."""


_PENDING: Final = frozenset({DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.CLAIMED})
_BY_RECEIPT: Final[Mapping[Receipt | None, Status]] = {
    None: Status.SENT,
    Receipt.SENT: Status.SENT,
    Receipt.DELIVERED: Status.DELIVERED,
    Receipt.READ: Status.READ,
    Receipt.FAILED: Status.SENT,
}
"""Of a message that was sent. That the message of an earlier call failed says nothing of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message as it stands."""

    id: UUID
    """Its send's."""
    to: str
    """As the caller wrote it."""
    type: str
    sender: str | None
    """The number it is sent from, in digits, where it is known."""
    state: DeliveryState
    receipt: Receipt | None
    provider_message_id: str | None
    request_id: str
    """The id of the request that made it."""
    code: str | None
    """Why it failed, in our words; :attr:`reason` and :attr:`detail` have the provider's."""
    reason: str | None
    detail: Mapping[str, Any] | None

    @property
    def status(self) -> Status:
        """How far it got."""
        if self.state in _PENDING:
            return Status.PENDING
        return _BY_RECEIPT[self.receipt] if self.state is DeliveryState.SENT else Status.FAILED

    @property
    def error(self) -> MessageError | None:
        """Why it failed, if it did."""
        if self.status is not Status.FAILED:
            return None
        unknown = self.state is DeliveryState.UNKNOWN
        return message_errors.of(self.code or self.state.value, self.reason, self.detail, unknown=unknown)
