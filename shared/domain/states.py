"""The states a send and a delivery pass through."""

from enum import StrEnum


class SendState(StrEnum):
    """Where a send stands as a whole."""

    SCHEDULED = "scheduled"
    """Committed, due later."""
    RUNNING = "running"
    """A tier is open."""
    SENT = "sent"
    """A delivery was accepted by its provider."""
    FAILED = "failed"
    """Every tier ended without success."""
    UNKNOWN = "unknown"
    """None was sent for certain, and at least one may have been."""
    CANCELLED = "cancelled"
    """Stopped by the sender before it ran to its end."""
    EXPIRED = "expired"
    """Its time had passed before anything was sent."""


class DeliveryState(StrEnum):
    """Where one channel of a send stands."""

    WAITING = "waiting"
    """Its tier is not open."""
    QUEUED = "queued"
    """May be claimed, from ``not_before`` on."""
    CLAIMED = "claimed"
    """A worker holds the lease and may be calling."""
    SENT = "sent"
    """The provider accepted it."""
    FAILED = "failed"
    """It certainly was not sent, or its provider could not deliver it; ``code`` says why."""
    UNKNOWN = "unknown"
    """It may have been sent; ``code`` says what was lost."""
    SKIPPED = "skipped"
    """An earlier tier succeeded."""
    CANCELLED = "cancelled"
    """Stopped before the call."""


COUNTED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.CANCELLED)
"""The delivery states that statistics count. One that is skipped has not been tried, and is none of them."""

OPEN = frozenset({DeliveryState.QUEUED, DeliveryState.CLAIMED})
"""The delivery states that may still become something else by a worker's doing."""

FINAL_SENDS = frozenset(
    {SendState.SENT, SendState.FAILED, SendState.UNKNOWN, SendState.CANCELLED, SendState.EXPIRED},
)
"""The send states that are an answer."""


class OnUnknown(StrEnum):
    """What a channel key wants done when nobody can say whether its message left."""

    NEXT_TIER = "next_tier"
    """Treat it as ended without success: a second message on another channel beats none."""
    RETRY = "retry"
    """Send it again: twice beats never."""
    HOLD = "hold"
    """Wait for a person."""


class KeyStatus(StrEnum):
    """Whether a channel key may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Unusable for now, with a reason; it resumes by itself or by a person."""
    REVOKED = "revoked"
    """Unusable for good."""
