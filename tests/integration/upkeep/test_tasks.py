"""What beat publishes is done by a worker."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from celery import Celery
from sqlalchemy import Engine, create_engine, insert, text

from deploy.local.stack import Stack
from shared import ids
from shared.db.partitions import Week
from shared.db.tables.idempotency_keys import idempotency_keys
from shared.management import accounts
from shared.queues import Queue, Task
from tests.acceptance.backend import await_true
from tests.integration.upkeep.conftest import House


@pytest.fixture
def at_work(stack: Stack) -> Iterator[House]:
    """The database that the stack's workers look at, and an account in it."""
    engine: Engine = create_engine(stack.environment()["ANTAR_DATABASE_URL"])
    with engine.begin() as connection:
        account_id = accounts.create(connection, f"upkeep {ids.new()}").id
    yield House(database=engine, account_id=account_id)
    engine.dispose()


def _publish(stack: Stack, task: Task) -> None:
    Celery("beat", broker=stack.environment()["ANTAR_BROKER_URL"]).send_task(task.value, queue=Queue.UPKEEP.value)


def test_partitions_are_tended(stack: Stack, at_work: House) -> None:
    week = Week.of(datetime.now(UTC)).later(7)
    at_work.take_away(week)
    at_work.store(week)
    _publish(stack, Task.PARTITIONS)
    await_true(lambda: at_work.places(week) == at_work.partitions(week) != set())


def test_what_has_expired_is_deleted(stack: Stack, at_work: House) -> None:
    row = {"account_id": at_work.account_id, "scope": "", "key": "old", "fingerprint": b"", "send_id": ids.new_send()}
    with at_work.database.begin() as connection:
        connection.execute(insert(idempotency_keys).values(**row))
    _publish(stack, Task.EXPIRE)
    await_true(lambda: _keys(at_work) == 0)


def _keys(house: House) -> int:
    with house.database.connect() as connection:
        counted = text("SELECT count(*) FROM idempotency_keys WHERE account_id = :account_id")
        return int(connection.execute(counted, {"account_id": house.account_id}).scalar_one())
