"""Webhooks to customers go after a month, and with their subscription."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, TextClause, insert, select, text, update
from structlog.testing import capture_logs

from shared import ids
from shared.db.statements import recovery
from shared.db.statements import webhooks as statements
from shared.db.tables import webhook_deliveries, webhook_subscriptions
from shared.management import webhooks
from tests.integration.upkeep.conftest import House
from worker import upkeep


def subscribe(house: House) -> UUID:
    with house.database.begin() as connection:
        return webhooks.create(connection, house.account_id, "https://shop.example/hooks", ["message.status"], None).id


def write(house: House, subscription_id: UUID, number: int, days: float, state: str = "delivered") -> list[UUID]:
    made = [ids.new() for _ in range(number)]
    row = {"account_id": house.account_id, "subscription_id": subscription_id, "event_type": "message.status", "source": "meta"}
    more = {**row, "body": {}, "state": state, "created_at": datetime.now(UTC) - timedelta(days=days)}
    with house.database.begin() as connection:
        connection.execute(insert(webhook_deliveries), [{**more, "id": each, "event_id": "a", "dedupe": each.hex} for each in made])
    return made


def left(house: House) -> set[UUID]:
    with house.database.connect() as connection:
        asked = select(webhook_deliveries.c.id).where(webhook_deliveries.c.account_id == house.account_id)
        return set(connection.execute(asked).scalars())


def delete(house: House, subscription_id: UUID, hours: float) -> None:
    """Delete a subscription as if so many hours ago."""
    with house.database.begin() as connection:
        webhooks.delete(connection, house.account_id, subscription_id)
        deleted_at = datetime.now(UTC) - timedelta(hours=hours)
        of_it = webhook_subscriptions.c.id == subscription_id
        connection.execute(update(webhook_subscriptions).where(of_it).values(deleted_at=deleted_at))


def subscriptions(house: House) -> set[UUID]:
    with house.database.connect() as connection:
        of_account = webhook_subscriptions.c.account_id == house.account_id
        return set(connection.execute(select(webhook_subscriptions.c.id).where(of_account)).scalars())


@pytest.mark.parametrize("state", ["delivered", "dead", "failed", "pending"])
def test_webhooks_are_deleted_after_thirty_days_in_batches(house: House, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    monkeypatch.setattr(upkeep, "_ROWS", 10)
    subscription_id = subscribe(house)
    write(house, subscription_id, 25, 30.01, state)
    young = write(house, subscription_id, 3, 29.99, state)
    with capture_logs() as logs:
        upkeep.expire()
    assert left(house) == set(young)
    assert [entry["posts"] for entry in logs] == [25]


def test_a_deleted_subscription_goes_after_its_webhooks(house: House) -> None:
    kept, old, young = (subscribe(house) for _ in range(3))
    webhook = write(house, kept, 1, 0)
    for each in (old, young):
        write(house, each, 3, 0)
    delete(house, old, 2)
    delete(house, young, 0.5)
    upkeep.expire()
    assert left(house) == set(webhook)
    assert subscriptions(house) == {kept, young}


@pytest.fixture
def many(house: House) -> Iterator[Connection]:
    """A connection that sees very many webhooks, a few of which are due."""
    subscription_id = subscribe(house)
    with house.database.connect() as connection:
        filling = """
            INSERT INTO webhook_deliveries (id, account_id, subscription_id, event_id, event_type, source, dedupe, body, created_at,
                                            next_attempt_at, published_at)
            SELECT gen_random_uuid(), :account_id, :subscription_id, 'a', 'b', 'meta', CAST(number AS text), '{}',
                   now() - make_interval(mins => number), now() + make_interval(secs => number - 10), now() - interval '1 hour'
              FROM generate_series(1, 20000) AS number
        """
        connection.execute(text(filling), {"account_id": house.account_id, "subscription_id": subscription_id})
        connection.execute(text("ANALYZE webhook_deliveries"))
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        (statements.expire, {"age_seconds": 1e6, "limit": 1000}, "ix_webhook_deliveries_created_at"),
        (statements.republish, {"after_seconds": 30, "each": 1000, "limit": 5000}, "ix_webhook_deliveries_due"),
        (recovery.look, {"after_seconds": 30, "most_unposted": 1000}, "ix_webhook_deliveries_due"),
        (statements.claim, {"ids": [ids.new()], "early_seconds": 0.5, "lease_seconds": 60}, "pk_webhook_deliveries"),
    ],
)
def test_no_statement_reads_them_all(many: Connection, statement: TextClause, parameters: dict[str, Any], index: str) -> None:
    explained = text(f"EXPLAIN (ANALYZE, COSTS false, TIMING false) {statement.text}")
    plan = "\n".join(many.execute(explained, parameters).scalars())
    assert f"using {index}" in plan or f"on {index}" in plan
    assert "Seq Scan on webhook_deliveries" not in plan
