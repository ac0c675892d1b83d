"""Deliveries as the cascade sees them, from the rows that :data:`settlement.select_members` gives."""

from typing import Any

from shared.domain.cascade import Member
from shared.domain.confirmation import Confirmation
from shared.domain.outcome import Code
from shared.domain.states import DeliveryState


def read(row: Any, open_tier: int) -> Member:
    """Read a delivery of a send with so many tiers open, from 0. One that is parked has its turn yet: its campaign is halted."""
    parked = row.halted and row.tier <= open_tier
    state = DeliveryState.QUEUED if parked else DeliveryState(row.state)
    expired = row.code == Code.EXPIRED
    return Member(id=row.id, tier=row.tier, state=state, held=row.held, expired=expired, confirmation=_confirmation(row))


def _confirmation(row: Any) -> Confirmation:
    if row.awaited:
        return Confirmation.AWAITED
    return Confirmation.MISSING if row.code == Code.UNCONFIRMED else Confirmation.GIVEN
