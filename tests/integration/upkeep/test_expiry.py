"""Idempotency keys go when they have expired, and no other goes with them; counts go when they are old."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from structlog.testing import capture_logs

from api.idempotency_keys import Claim, IdempotencyKey, claim
from shared import ids
from shared.db.statements import upkeep as statements
from shared.db.tables.idempotency_keys import idempotency_keys
from shared.db.tables.statistics import delivery_counts
from tests.integration.upkeep.conftest import House
from worker import upkeep


def _use(house: House, keys: Iterable[str], hours: float) -> None:
    """Write keys that expire in so many hours."""
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    row = {"account_id": house.account_id, "scope": "", "fingerprint": b"", "expires_at": expires_at}
    with house.database.begin() as connection:
        for key in keys:
            connection.execute(insert(idempotency_keys).values(**row, key=key, send_id=ids.new_send()))


def _left(house: House) -> set[str]:
    asked = select(idempotency_keys.c.key).where(idempotency_keys.c.account_id == house.account_id)
    with house.database.connect() as connection:
        return set(connection.execute(asked).scalars())


@pytest.mark.parametrize("number", [0, 9, 10, 25])
def test_expired_keys_are_deleted_in_batches(house: House, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(upkeep, "_ROWS", 10)
    _use(house, [f"old {each}" for each in range(number)], -0.01)
    _use(house, ["new"], 0.01)
    with capture_logs() as logs:
        upkeep.expire()
    assert _left(house) == {"new"}
    assert [entry["idempotency_keys"] for entry in logs] == [number]


def test_one_run_ends_however_many_there_are(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_ROWS", 2)
    monkeypatch.setattr(upkeep, "_BATCHES", 3)
    _use(house, [str(each) for each in range(10)], -0.01)
    upkeep.expire()
    assert len(_left(house)) == 4
    upkeep.expire()
    assert _left(house) == set()


def test_a_key_that_a_request_takes_over_is_passed_over(house: House) -> None:
    _use(house, ["taken", "left"], -0.01)
    key = IdempotencyKey(scope="", key="taken", fingerprint=b"")
    with house.database.begin() as connection:
        claim(connection, [Claim(account_id=house.account_id, key=key, send_id=ids.new_send())])
        upkeep.expire()
    assert _left(house) == {"taken"}


def test_no_batch_reads_the_keys_that_have_not_expired(house: House) -> None:
    with house.database.connect() as connection:
        filling = """
            INSERT INTO idempotency_keys (account_id, scope, key, fingerprint, send_id, expires_at)
            SELECT :account_id, '', CAST(number AS text), '', :account_id, now() + make_interval(secs => number - 100)
              FROM generate_series(1, 20000) AS number
        """
        connection.execute(text(filling), {"account_id": house.account_id})
        connection.execute(text("ANALYZE idempotency_keys"))
        explained = text(f"EXPLAIN (ANALYZE, COSTS false, TIMING false) {statements.expire_idempotency_keys.text}")
        plan = "\n".join(connection.execute(explained, {"limit": 1000}).scalars())
        connection.rollback()
    assert "Index Scan using ix_idempotency_keys_expires_at" in plan
    assert "Tid Scan" in plan
    assert "Seq Scan" not in plan


def test_counts_are_kept_for_their_days(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_ROWS", 2)
    row = {"account_id": house.account_id, "channel": "waba", "key_id": ids.new(), "state": "sent", "number": 1}
    hours = [datetime.now(UTC) - timedelta(days=399, hours=each) for each in range(48)]
    with house.database.begin() as connection:
        connection.execute(insert(delivery_counts), [{**row, "hour": hour} for hour in hours])
    upkeep.expire()
    with house.database.connect() as connection:
        kept = connection.execute(select(delivery_counts.c.hour).where(delivery_counts.c.account_id == house.account_id)).scalars()
        assert set(kept) == set(hours[:24])
