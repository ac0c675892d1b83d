"""From the bytes of a send request to the plan of a send."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from api import explanations, syntax
from api.dialects.kirisan import errors, validation
from api.dialects.kirisan.models import Body, ChannelContent, Key, Target
from shared.domain import content
from shared.domain.channels import Channel
from shared.domain.confirmation import Until
from shared.domain.send import PlannedDelivery, SendPlan

DIALECT: Final = "kirisan"
_NOBODY: Final = Target()


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A valid request; whether its keys belong to the account is still to be seen."""

    keys: Mapping[Channel, Key]
    """In the caller's order."""
    content: Mapping[Channel, ChannelContent]
    target: Target
    active: tuple[Channel, ...]
    """The channels to send on: those with a key and content that ``behaviour.channel`` leaves, in the order of the keys."""
    variables: Mapping[str, str]
    """What fills the placeholders, as text."""
    schedule: datetime | None
    expires_at: datetime | None
    until: Until | None

    def tokens(self) -> dict[Channel, str]:
        """Give the key of every channel, of the inactive ones too: all must belong to the account."""
        return {channel: key.token for channel, key in self.keys.items()}


def parse(body: bytes, now: datetime) -> Request:
    """Read and validate the body of a send request.

    Args:
        body: The bytes as they came.
        now: The time of the request, aware; times in the request are judged by it.

    Raises:
        Rejection: 400, with the first reason found: JSON, types, channels, behaviour, times, content.
    """
    return check(_read(body), now)


def check(parsed: Body, now: datetime) -> Request:
    """Validate a body whose types are right. Raises as :func:`parse`."""
    validation.require_channels(parsed)
    allowed, until = validation.restriction(parsed), validation.until(parsed)
    schedule, expires_at = _times(parsed, now)
    active = validation.active_channels(parsed, allowed)
    target, contents = parsed.target or _NOBODY, parsed.content or {}
    variables = {name: value for name, value in (target.variables or {}).items() if value is not None}
    for channel in active:
        validation.content(channel, contents[channel], variables)
    return Request(
        keys=parsed.keys or {},
        content=contents,
        target=target,
        active=active,
        variables=variables,
        schedule=schedule,
        expires_at=expires_at,
        until=until,
    )


def plan(request: Request, key_ids: Mapping[Channel, UUID]) -> SendPlan:
    """Make the plan of a valid request whose keys are known: its deliveries, in the order of its keys."""
    tiers = _tiers(request)
    return SendPlan(
        dialect=DIALECT,
        deliveries=tuple(_delivery(request, channel, tiers[channel], key_ids[channel]) for channel in request.active),
        variables=request.variables,
        schedule=request.schedule,
        expires_at=request.expires_at,
        until=request.until,
    )


def _read(body: bytes) -> Body:
    try:
        syntax.read(body)
        return Body.model_validate_json(body, strict=True)
    except syntax.InvalidJson as error:
        raise errors.invalid(str(error)) from None
    except ValidationError as error:
        raise errors.invalid(explanations.explain(error)) from None


def _times(body: Body, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Give when to send, and from when on not to."""
    timing = body.context.timing if body.context else None
    if timing is None:
        return None, None
    schedule = validation.schedule(timing.schedule, now)
    return schedule, validation.expiry(timing.expires_at, schedule or now)


def _tiers(request: Request) -> dict[Channel, int]:
    """Number the tiers from 0 without gaps; the lowest one that the request uses runs first, whatever its number."""
    sequences = {channel: _sequence(request.keys[channel]) for channel in request.active}
    order = sorted(set(sequences.values()))
    return {channel: order.index(sequence) for channel, sequence in sequences.items()}


def _sequence(key: Key) -> int:
    """Give 0 to a primary, whatever its sequence, and at least 1 to a fallback."""
    return (key.fallback_sequence or 1) if key.fallback else 0


def _delivery(request: Request, channel: Channel, tier: int, key_id: UUID) -> PlannedDelivery:
    item = request.content[channel]
    return PlannedDelivery(
        channel=channel,
        tier=tier,
        fallback=bool(request.keys[channel].fallback),
        key_id=key_id,
        target=getattr(request.target, channel) or None,
        template_id=item.template,
        content=_stored(item),
    )


def _stored(item: ChannelContent) -> content.JsonObject | None:
    """Give an inline message in its stored shape; ``None`` for a template."""
    if item.message is None or isinstance(item.message.content, ValidationError):
        return None
    return content.dump(item.message.content)
