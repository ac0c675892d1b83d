"""Where a send comes from, what is due of it, and what its customer has heard of it: for operators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from shared import ids
from shared.db.statements import story as statements
from shared.domain.receipts import Receipt
from shared.domain.send import DeliveryView, SendView
from shared.domain.upcoming import Standing
from shared.management.webhook_deliveries import Webhook


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Who asked for a send, and by what; ``None`` where nobody did so, or it has been deleted."""

    account: str | None
    request_id: str | None
    token_id: UUID | None
    token_label: str | None
    campaign_id: UUID | None
    campaign: str | None
    now: datetime
    """When this was read, by the database's clock."""


_NAMES: Final = tuple(field.name for field in fields(Origin))


def load(connection: Connection, send_id: UUID) -> Origin:
    """Read where a send comes from that is there."""
    row = connection.execute(statements.select_origin, {"send_id": send_id}).one()
    return Origin(**{name: row._mapping[name] for name in _NAMES})


def load_standings(connection: Connection, send_id: UUID) -> Mapping[UUID, Standing]:
    """Read what is due of each delivery of a send."""
    parameters = {"first": send_id, "last": ids.delivery_of(send_id, ids.MAX_DELIVERIES)}
    rows = connection.execute(statements.select_standings, parameters)
    return {row.id: Standing(**{name: row._mapping[name] for name in _STANDING}) for row in rows}


_STANDING: Final = tuple(field.name for field in fields(Standing))


def load_webhooks(connection: Connection, send: SendView) -> list[Webhook]:
    """Read the webhooks by which a send's customer hears of it, in the order in which they were written."""
    dedupes = [f"{subject}:{receipt}" for each in send.deliveries for subject in _subjects(each) for receipt in Receipt]
    rows = connection.execute(statements.select_webhooks, {"account_id": send.account_id, "dedupes": dedupes})
    return [Webhook(**row._mapping) for row in rows]


def _subjects(delivery: DeliveryView) -> Iterator[str]:
    """Name a delivery as webhooks do: in envelopes of ours, and in the provider's own words."""
    yield ids.encode(ids.DELIVERY, delivery.id)
    if delivery.provider_message_id:
        yield delivery.provider_message_id
