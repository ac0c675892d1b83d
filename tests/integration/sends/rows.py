"""Sends as the intake writes them and the workers leave them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, insert, update

from api import orders
from shared import ids
from shared.db import partitions
from shared.db.statements.intake import insert_sends
from shared.db.tables import attempts, deliveries, events, sends
from shared.domain.channels import Channel
from shared.domain.send import PlannedDelivery, SendPlan


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A send to be written; the mappings change columns afterwards, those of deliveries by their number from 1."""

    plan: SendPlan
    send_id: UUID = field(default_factory=ids.new_send)
    send: Mapping[str, Any] = field(default_factory=dict)
    deliveries: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    attempts: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()


def plan(*channels: tuple[str, int, str | None], **options: Any) -> SendPlan:
    """Plan a send of (channel, tier, target)."""
    planned = tuple(
        PlannedDelivery(
            channel=Channel(channel),
            tier=tier,
            fallback=tier > 0,
            key_id=ids.new(),
            target=target,
            content={"type": "text", "message": "Hello"},
        )
        for channel, tier, target in channels
    )
    return SendPlan(dialect="kirisan", deliveries=planned, **options)


def id_at(moment: datetime) -> UUID:
    """Make a send's id of a moment."""
    return UUID(int=partitions.first_id(moment).int | 7 << 76 | 2 << 62 | secrets.randbits(58) << 4)


def store(database: Engine, account_id: UUID, stored: Stored) -> UUID:
    """Write a send and give its id."""
    order = orders.Order(
        plan=stored.plan,
        account_id=account_id,
        token_id=ids.new(),
        request_id="req_test",
        waiter=None,
        send_id=stored.send_id,
    )
    with database.begin() as connection:
        connection.execute(insert_sends, orders.parameters([orders.rows(order)]))
        if stored.send:
            connection.execute(update(sends).where(sends.c.id == stored.send_id).values(**stored.send))
        for number, changes in stored.deliveries.items():
            identifier = ids.delivery_of(stored.send_id, number)
            connection.execute(update(deliveries).where(deliveries.c.id == identifier).values(**changes))
        for table, rows in ((attempts, stored.attempts), (events, stored.events)):
            for row in rows:
                connection.execute(insert(table).values(**row))
    return stored.send_id
