"""Requests and views to start from."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from api.dialects.kanal import schema
from api.dialects.kanal.errors import Refusal
from shared.domain.channels import Channel
from shared.domain.send import DeliveryView, SendView
from shared.domain.states import DeliveryState, SendState
from shared.management.contacts import Addressed

SEND_ID = UUID("0193a5b4-7c00-7000-8000-000000000010")
TO = Addressed(number=123456, contact_id=7890, address="33612345678")


def encoded(body: Any) -> bytes:
    """Give a body as bytes, from bytes or a JSON value."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def message(body: Any) -> schema.Message:
    return schema.message(encoded(body))


def template(body: Any) -> schema.TemplateMessage:
    return schema.template(encoded(body))


def refusal(read: Any, body: Any) -> str:
    """Give the error with which a body is refused, with 400."""
    with pytest.raises(Refusal) as refused:
        read(body)
    assert (refused.value.status, refused.value.more) == (400, {})
    return refused.value.error


def view(state: SendState, delivery: DeliveryState, *, code: str | None = None, reason: str | None = None) -> SendView:
    """Make a view of a send of this dialect."""
    only = DeliveryView(
        id=SEND_ID, channel=Channel.WABA, tier=0, fallback=False, state=delivery, code=code, reason=reason, target=TO.address
    )
    return SendView(
        id=SEND_ID,
        account_id=UUID(int=1),
        dialect=schema.DIALECT,
        state=state,
        tier=0,
        created_at=datetime(2026, 1, 10, 12, tzinfo=UTC),
        schedule=None,
        expires_at=None,
        ended_at=None,
        deliveries=(only,),
    )
