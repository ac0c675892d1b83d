"""Subscriptions of an account, webhooks for them, and how they stand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update

from shared import ids
from shared.db.tables import webhook_deliveries, webhook_subscriptions
from shared.domain.customer_events import META, CustomerEvent, EventType
from shared.management import webhook_deliveries as replays
from shared.management import webhooks
from shared.management.webhooks import Subscription
from tests.integration.worker.conftest import Desk
from worker.webhooks import delivery, outbox

EVENTS = ["message.received", "message.status"]


@dataclass(frozen=True, kw_only=True)
class Post:
    """An account's side of its webhooks."""

    desk: Desk

    def subscribe(self, url: str, events: Sequence[str] = EVENTS) -> Subscription:
        with self.desk.database.begin() as connection:
            return webhooks.create(connection, self.desk.account_id, url, list(events), None)

    def write(self, number: int = 1, body: dict[str, Any] | None = None, **changes: Any) -> list[UUID]:
        """Write events for every subscription; ``changes`` are columns."""
        events = [self._event(body or {"entry": [{"changes": [{"value": {"text": "héllo"}}]}]}) for _ in range(number)]

        async def enqueue() -> tuple[UUID, ...]:
            async with self.desk.process.engine.begin() as connection:
                return await outbox.enqueue(connection, events)

        made: list[UUID] = list(self.desk.runtime.run(enqueue()))
        if changes:
            with self.desk.database.begin() as connection:
                connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.id.in_(made)).values(**changes))
        return made

    def _event(self, body: dict[str, Any]) -> CustomerEvent:
        message_id = f"wamid.{ids.new().hex}"
        return CustomerEvent(
            account_id=self.desk.account_id,
            type=EventType.MESSAGE_STATUS,
            source=META,
            event_id=message_id,
            dedupe=f"{message_id}:read",
            body=body,
        )

    def begin(self, webhook_ids: Sequence[UUID]) -> None:
        """Run the task, which leaves the posts under way."""
        self.desk.runtime.run(delivery.deliver(self.desk.process, webhook_ids), 5)

    def end(self) -> None:
        """Wait for the posts that are under way."""
        self.desk.runtime.run(self.desk.process.posts.wait(30))

    def deliver(self, webhook_ids: Sequence[UUID]) -> None:
        """Run the task, and wait for its posts."""
        self.begin(webhook_ids)
        self.end()

    def row(self, webhook_id: UUID) -> dict[str, Any]:
        with self.desk.database.connect() as connection:
            return dict(
                connection.execute(select(webhook_deliveries).where(webhook_deliveries.c.id == webhook_id)).mappings().one()
            )

    def states(self, webhook_ids: Sequence[UUID]) -> list[str]:
        return [self.row(each)["state"] for each in webhook_ids]

    def wait_of(self, webhook_id: UUID) -> float:
        """Give the seconds until the next attempt, by the database's clock."""
        query = select(text("extract(epoch FROM next_attempt_at - now())")).select_from(webhook_deliveries)
        with self.desk.database.connect() as connection:
            return float(connection.execute(query.where(webhook_deliveries.c.id == webhook_id)).scalar_one())

    def let_pass(self, webhook_ids: Sequence[UUID], seconds: float = 90_000.0) -> None:
        """Let time go by for webhooks."""
        due = webhook_deliveries.c.next_attempt_at - timedelta(seconds=seconds)
        with self.desk.database.begin() as connection:
            connection.execute(
                update(webhook_deliveries).where(webhook_deliveries.c.id.in_(webhook_ids)).values(next_attempt_at=due)
            )

    def subscription(self, subscription_id: UUID) -> dict[str, Any]:
        query = select(webhook_subscriptions).where(webhook_subscriptions.c.id == subscription_id)
        with self.desk.database.connect() as connection:
            return dict(connection.execute(query).mappings().one())

    def set(self, subscription_id: UUID, **columns: Any) -> None:
        with self.desk.database.begin() as connection:
            statement = update(webhook_subscriptions).where(webhook_subscriptions.c.id == subscription_id)
            connection.execute(statement.values(**columns))

    def change(self, subscription_id: UUID, **changes: Any) -> None:
        with self.desk.database.begin() as connection:
            webhooks.change(connection, self.desk.account_id, subscription_id, changes)

    def replay(self, webhook_id: UUID) -> None:
        with self.desk.database.begin() as connection:
            replays.replay(connection, self.desk.account_id, webhook_id)

    def stored_body(self, webhook_id: UUID) -> Any:
        return json.loads(json.dumps(self.row(webhook_id)["body"]))
