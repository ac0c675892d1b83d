"""A send: as it is asked for (plan), and as it stands (view)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.domain.channels import Channel
from shared.domain.confirmation import Until
from shared.domain.content import JsonObject
from shared.domain.states import DeliveryState, SendState


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDelivery:
    """One channel of a send that is about to be committed."""

    channel: Channel
    tier: int
    """From 0, without gaps: tier 1 opens only when every delivery of tier 0 ended without success."""
    fallback: bool
    """Whether the caller called this channel a fallback; shown as ``fallback: true`` once it was tried."""
    key_id: UUID
    target: str | None
    """The recipient as the caller wrote it; ``None`` fails the delivery, not the send."""
    template_id: int | None = None
    content: JsonObject | None = None
    """The inline content, in its stored shape; exactly one of this and ``template_id`` is set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SendPlan:
    """What a dialect makes of a valid request: everything the engine needs, and nothing of the wire."""

    dialect: str
    deliveries: tuple[PlannedDelivery, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    schedule: datetime | None = None
    """Aware; ``None`` sends now."""
    expires_at: datetime | None = None
    until: Until | None = None
    """How far a message must get before its tier has succeeded; ``None`` is to its provider."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptView:
    """One call to a provider."""

    number: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    code: str | None
    provider_status: int | None
    provider_code: str | None
    request: str | None
    """The redacted request line."""
    worker: str | None = None
    """The worker process that made it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryView:
    """One channel of a send as it stands."""

    id: UUID
    channel: Channel
    tier: int
    fallback: bool
    state: DeliveryState
    held: bool = False
    """Unknown, and a person is to decide."""
    target: str | None = None
    template_id: int | None = None
    code: str | None = None
    reason: str | None = None
    detail: Mapping[str, Any] | None = None
    provider_message_id: str | None = None
    processing_ms: int | None = None
    """From the claim to the outcome, in milliseconds."""
    attempts: int = 0
    queued_at: datetime | None = None
    not_before: datetime | None = None
    ended_at: datetime | None = None
    receipt: str | None = None
    receipt_at: datetime | None = None
    confirm_by: datetime | None = None
    """Until when the receipt that its send wants may come; ``None`` when none is waited for any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SendView:
    """A send as it stands."""

    id: UUID
    account_id: UUID
    dialect: str
    state: SendState
    tier: int
    created_at: datetime
    schedule: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    deliveries: tuple[DeliveryView, ...]
    """In the order of tiers, then of the request."""
    until: Until | None = None
