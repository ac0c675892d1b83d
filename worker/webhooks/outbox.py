"""Writing down what customers are to hear, in the transaction in which it became true."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared import ids
from shared.db.hot import Executes
from shared.db.statements import webhooks as statements
from shared.domain.customer_events import CustomerEvent


async def enqueue(connection: Executes, events: Sequence[CustomerEvent]) -> tuple[UUID, ...]:
    """Write events for every active subscription that wants them. Gives the webhooks to publish after the commit.

    What was written before under the same ``dedupe`` is not written again.
    """
    if not events:
        return ()
    account_ids = sorted({event.account_id for event in events})
    subscriptions = (await connection.execute(statements.select_active, {"account_ids": account_ids})).all()
    rows = [_row(event, each) for event in events for each in subscriptions if _wants(each, event)]
    if not rows:
        return ()
    return tuple((await connection.execute(statements.insert_webhooks, {"rows": json.dumps(rows)})).scalars())


def _wants(subscription: Row[Any], event: CustomerEvent) -> bool:
    return subscription.account_id == event.account_id and event.type in subscription.events


def _row(event: CustomerEvent, subscription: Row[Any]) -> dict[str, Any]:
    return {
        "id": str(ids.new()),
        "account_id": str(event.account_id),
        "subscription_id": str(subscription.id),
        "event_id": event.event_id,
        "event_type": event.type,
        "source": event.source,
        "dedupe": event.dedupe,
        "body": event.body,
    }
