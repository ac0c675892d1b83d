"""Requests and views to start from."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from api.dialects.kirisan import schema
from api.dialects.kirisan.errors import Rejection
from shared.domain.channels import Channel
from shared.domain.send import DeliveryView, SendPlan, SendView
from shared.domain.states import DeliveryState, SendState

NOW = datetime(2024, 12, 1, 12, 0, 0, 500_000, tzinfo=UTC)
"""Before the schedule of the published examples, by 31 days; half a second past."""

SEND_ID = UUID("0193a5b4-7c00-7000-8000-000000000010")
WIRE_ID = "snd_01JEJV8Z00E00800000000000G"
KEY_IDS = {channel: UUID(int=number) for number, channel in enumerate(Channel, start=1)}

TEXT = {"type": "text", "message": "Hi"}


def request(*channels: str, **changes: Any) -> dict[str, Any]:
    """Make a valid body that uses template 1 on each channel (by default a text on WhatsApp)."""
    if not channels:
        return {**request("whatsapp"), "content": {"whatsapp": {"message": TEXT}}, **changes}
    return {
        "keys": {channel: {"token": f"{channel}-token"} for channel in channels},
        "content": {channel: {"template": 1} for channel in channels},
        "target": dict.fromkeys(channels, "6281234567890"),
        **changes,
    }


def inline(message: Any, channel: str = "whatsapp", **changes: Any) -> dict[str, Any]:
    """Make a body with one inline message."""
    return {**request(channel), "content": {channel: {"message": message}}, **changes}


def parse(body: Any) -> schema.Request:
    """Parse a body given as JSON value or as bytes."""
    return schema.parse(body if isinstance(body, bytes) else json.dumps(body).encode(), NOW)


def plan(body: Any) -> SendPlan:
    """Parse a body and make its plan."""
    parsed = parse(body)
    return schema.plan(parsed, KEY_IDS)


def reason(body: Any) -> str:
    """Give the reason for which a body is refused, with 400."""
    with pytest.raises(Rejection) as refused:
        parse(body)
    assert refused.value.status == 400
    return refused.value.reason


def delivery(channel: Channel, state: DeliveryState, *, tier: int = 0, fallback: bool | None = None, **fields: Any) -> DeliveryView:
    """Make a delivery's view; those beyond tier 0 are fallbacks."""
    return DeliveryView(
        id=UUID(int=SEND_ID.int + list(Channel).index(channel) + 1),
        channel=channel,
        tier=tier,
        fallback=tier > 0 if fallback is None else fallback,
        state=state,
        **fields,
    )


def view(state: SendState, *deliveries: DeliveryView, tier: int = 0) -> SendView:
    """Make a send's view."""
    return SendView(
        id=SEND_ID,
        account_id=UUID(int=7),
        dialect="kirisan",
        state=state,
        tier=tier,
        created_at=NOW,
        schedule=None,
        expires_at=None,
        ended_at=None,
        deliveries=deliveries,
    )
