"""A campaign: one message to many recipients, each of whom becomes a send of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.domain import confirmation
from shared.domain.channels import Channel
from shared.domain.confirmation import Until
from shared.domain.content import JsonObject

DIALECT = "campaign"
"""What the sends of campaigns are written under."""


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    """It is being put together; nothing leaves."""
    IMPORTING = "importing"
    """Its recipients are being read."""
    SCHEDULED = "scheduled"
    """It starts at its time, or at each of its times."""
    RUNNING = "running"
    """Its recipients become sends."""
    PAUSED = "paused"
    """Nothing leaves until it is resumed."""
    COMPLETED = "completed"
    """Every recipient has an outcome."""
    CANCELLED = "cancelled"
    """Stopped for good."""
    FAILED = "failed"
    """Its recipients could not be read; ``state_reason`` says why."""


class RecipientState(StrEnum):
    """Where one row of a campaign's file stands."""

    PENDING = "pending"
    """Not a send yet."""
    DEFERRED = "deferred"
    """Its turn came in the recipient's quiet hours; it becomes a send at ``due_at``."""
    TAKEN = "taken"
    """It is a send: ``send_id``."""
    REFUSED = "refused"
    """The row is wrong; ``reason`` says how."""
    DUPLICATE = "duplicate"
    """An earlier row has the same addresses."""


OPEN_RECIPIENTS = frozenset({RecipientState.PENDING, RecipientState.DEFERRED})
"""Rows that are still to become sends."""

ENDED = frozenset({CampaignState.COMPLETED, CampaignState.CANCELLED})
"""Campaigns none of whose recipients becomes a send any more."""

HALTED = frozenset({CampaignState.PAUSED, CampaignState.CANCELLED})
"""Campaigns of which nothing may leave."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedChannel:
    """One channel of every send of a campaign."""

    channel: Channel
    tier: int
    """From 0, without gaps."""
    fallback: bool
    key_id: UUID
    template_id: int | None = None
    content: JsonObject | None = None
    """The inline content, in its stored shape; exactly one of this and ``template_id`` is set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignPlan:
    """What every recipient gets."""

    channels: tuple[PlannedChannel, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    """What is the same for all; a recipient's own variables come before these."""
    until: Until | None = None
    expires_in: int | None = None
    """Seconds after which a recipient's send that has not left is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnMapping:
    """Which column of a file means what."""

    targets: Mapping[Channel, str]
    """The column of each channel's target; a recipient needs one of them."""
    variables: Mapping[str, str]
    """The column of each variable."""
    time_zone: str | None = None
    """The column of an IANA time zone; without it a phone number's own is taken."""


def dump_plan(plan: CampaignPlan) -> JsonObject:
    """Write a plan as it is stored."""
    return {
        "channels": [_dump_channel(channel) for channel in plan.channels],
        "variables": dict(plan.variables),
        "until": confirmation.dump(plan.until),
        "expires_in": plan.expires_in,
    }


def read_plan(document: Mapping[str, Any]) -> CampaignPlan:
    """Read what :func:`dump_plan` wrote."""
    return CampaignPlan(
        channels=tuple(_read_channel(each) for each in document["channels"]),
        variables=document["variables"],
        until=confirmation.read(document["until"]),
        expires_in=document["expires_in"],
    )


def dump_mapping(mapping: ColumnMapping) -> JsonObject:
    """Write a mapping as it is stored."""
    return {"targets": dict(mapping.targets), "variables": dict(mapping.variables), "time_zone": mapping.time_zone}


def read_mapping(document: Mapping[str, Any]) -> ColumnMapping:
    """Read what :func:`dump_mapping` wrote."""
    targets = {Channel(channel): column for channel, column in document["targets"].items()}
    return ColumnMapping(targets=targets, variables=document["variables"], time_zone=document["time_zone"])


def _dump_channel(channel: PlannedChannel) -> JsonObject:
    return {
        "channel": channel.channel.value,
        "tier": channel.tier,
        "fallback": channel.fallback,
        "key_id": str(channel.key_id),
        "template_id": channel.template_id,
        "content": channel.content,
    }


def _read_channel(document: Mapping[str, Any]) -> PlannedChannel:
    return PlannedChannel(**{**document, "channel": Channel(document["channel"]), "key_id": UUID(document["key_id"])})
