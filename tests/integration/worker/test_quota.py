"""Quotas: never more than the limit, however many workers take; what was not used is given back; periods begin by themselves."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db import engine
from shared.db.tables import channel_keys
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Unknown
from shared.domain.retry import Again
from tests.integration.worker.conftest import Desk, result
from tests.unit.factories import claim
from worker.deliver import admission, quota, release
from worker.deliver.admission import Go
from worker.deliver.claim import Claim
from worker.deliver.release import Later

REFUSED = NotSent(code=Code.RECIPIENT_BLOCKED, reason="blocked", action=Action.NEXT)
LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="no answer")
SENT = Sent(provider_message_id="42:1")


def key(desk: Desk, key_id: UUID) -> Any:
    with desk.database.connect() as connection:
        return connection.execute(select(channel_keys).where(channel_keys.c.id == key_id)).one()


def used(desk: Desk, key_id: UUID) -> int:
    return int(key(desk, key_id).quota_used)


def change(desk: Desk, key_id: UUID, **values: Any) -> None:
    with desk.database.begin() as connection:
        connection.execute(update(channel_keys).where(channel_keys.c.id == key_id).values(**values))


def take(desk: Desk, *claims: Claim) -> list[Code]:
    """Take units and give the codes of those that got none."""
    refused = desk.runtime.run(quota.take(desk.process.engine, claims))
    return [refused[each.id].code for each in claims if each.id in refused]


def of(key_id: UUID, count: int = 1, **changes: Any) -> list[Claim]:
    return [claim(key_id=key_id, quota_limit=1, **changes) for _ in range(count)]


def test_of_many_that_ask_at_once_as_many_get_one_as_there_are(desk: Desk) -> None:
    key_id = desk.key(quota_limit=50)

    async def run() -> int:
        engines = [engine.create_async() for _ in range(2)]
        batches = [of(key_id, 7) for _ in range(20)]
        refused = await asyncio.gather(*(quota.take(engines[number % 2], batch) for number, batch in enumerate(batches)))
        for each in engines:
            await each.dispose()
        return sum(len(batch) - len(none) for batch, none in zip(batches, refused, strict=True))

    assert desk.runtime.run(run()) == 50
    assert used(desk, key_id) == 50


def test_of_a_batch_the_first_get_what_is_left(desk: Desk) -> None:
    key_id = desk.key(quota_limit=10, quota_used=8)
    claims = of(key_id, 5)
    refused = desk.runtime.run(quota.take(desk.process.engine, claims))
    assert refused == {each.id: quota.EXCEEDED for each in claims[2:]}


def test_keys_without_a_quota_are_not_asked_for(desk: Desk) -> None:
    key_id = desk.key()
    assert take(desk, claim(key_id=key_id)) == []
    assert used(desk, key_id) == 0


def test_a_quota_that_was_taken_away_meanwhile_stops_nobody(desk: Desk) -> None:
    assert take(desk, *of(desk.key(quota_used=3), 2)) == []


@pytest.mark.parametrize(("limit", "spent"), [(3, True), (2, True), (4, False), (0, True)])
def test_a_claim_tells_of_a_spent_quota(desk: Desk, limit: int, *, spent: bool) -> None:
    assert desk.claimed(desk.key(quota_limit=limit, quota_used=3)).quota_spent is spent


def test_a_claim_of_a_key_without_a_quota_is_never_spent(desk: Desk) -> None:
    assert desk.claimed(desk.key(quota_used=3)).quota_spent is False


@pytest.mark.parametrize("period", ["day", "month"])
def test_a_period_that_is_over_is_followed_by_the_next(desk: Desk, period: str) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    key_id = desk.key(quota_limit=5, quota_used=5, quota_period=period, quota_resets_at=yesterday)
    assert not desk.claimed(key_id).quota_spent
    assert take(desk, *of(key_id, 2)) == []
    after = key(desk, key_id)
    assert after.quota_used == 2
    assert after.quota_resets_at == _next(period)


def test_the_first_message_begins_a_period(desk: Desk) -> None:
    key_id = desk.key(quota_limit=5, quota_used=5, quota_period="day")
    assert take(desk, *of(key_id, 6)) == [Code.QUOTA_EXCEEDED]
    assert key(desk, key_id).quota_resets_at == _next("day")


def test_a_period_that_lasts_is_kept(desk: Desk) -> None:
    tomorrow = _next("day")
    key_id = desk.key(quota_limit=5, quota_used=5, quota_period="day", quota_resets_at=tomorrow)
    assert desk.claimed(key_id).quota_spent
    assert take(desk, *of(key_id)) == [Code.QUOTA_EXCEEDED]
    assert key(desk, key_id).quota_resets_at == tomorrow


def _next(period: str) -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return today + timedelta(days=1)
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


@pytest.mark.parametrize(("outcome", "left"), [(SENT, 1), (LOST, 1), (REFUSED, 0)])
def test_only_what_was_certainly_not_sent_is_given_back(desk: Desk, outcome: Outcome, left: int) -> None:
    key_id = desk.key(quota_limit=5)
    claimed = desk.claimed(key_id)
    assert take(desk, claimed) == []
    desk.runtime.run(desk.process.writer.write(replace(result(claimed, outcome), admitted=True)))
    assert used(desk, key_id) == left


def test_what_was_never_taken_is_not_given_back(desk: Desk) -> None:
    key_id = desk.key(quota_limit=5, quota_used=3)
    desk.runtime.run(desk.process.writer.write(result(desk.claimed(key_id), REFUSED)))
    assert used(desk, key_id) == 3


@pytest.mark.parametrize(("taken", "left"), [(True, 0), (False, 1)])
def test_a_claim_that_is_given_back_gives_back_its_unit(desk: Desk, left: int, *, taken: bool) -> None:
    key_id = desk.key(quota_limit=5)
    claimed = desk.claimed(key_id)
    assert take(desk, claimed) == []
    desk.runtime.run(release.give_back(desk.process.engine, [Later(claim=claimed, seconds=3, refund=taken)]))
    assert (used(desk, key_id), desk.state(claimed.id)) == (left, "queued")


def test_a_claim_of_a_key_without_a_quota_gives_nothing_back(desk: Desk) -> None:
    key_id = desk.key(quota_used=3)
    claimed = desk.claimed(key_id)
    desk.runtime.run(release.give_back(desk.process.engine, [Later(claim=claimed, seconds=3, refund=True)]))
    assert used(desk, key_id) == 3


def test_units_of_the_last_period_are_not_given_back_in_this_one(desk: Desk) -> None:
    """They would let more leave in this one than it has."""
    key_id = desk.key(quota_limit=5, quota_used=4, quota_period="month", quota_resets_at=_next("month"))
    last = _next("month") - timedelta(days=32)
    units = [quota.unit(each) for each in (*of(key_id, now=last), *of(key_id, 2, now=datetime.now(UTC)))]

    async def run() -> None:
        async with desk.process.engine.begin() as connection:
            await quota.refund(connection, units)

    desk.runtime.run(run())
    assert used(desk, key_id) == 2


def test_a_spent_quota_stops_before_any_wait(desk: Desk) -> None:
    """A slow sender's sends fall back at once when it may send none of them."""
    key_id = desk.key(quota_limit=2, quota_used=2, rate_per_second=0.01)
    claims = [desk.claimed(key_id) for _ in range(3)]
    assert desk.runtime.run(admission.admit(desk.process, claims)) == [quota.EXCEEDED] * 3


def test_only_who_leaves_takes_a_unit(desk: Desk) -> None:
    key_id = desk.key(quota_limit=2, rate_per_second=0.01)
    claims = [desk.claimed(key_id) for _ in range(3)]
    first, *others = desk.runtime.run(admission.admit(desk.process, claims))
    assert first == Go(0.0)
    assert [type(each) for each in others] == [admission.Later] * 2
    assert used(desk, key_id) == 1


def test_without_postgres_it_is_tried_again_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "_PATIENCE", 0.0)
    nowhere = create_async_engine("postgresql+psycopg://antar@127.0.0.1:1/antar")
    refused = desk.runtime.run(quota.take(nowhere, of(desk.key(quota_limit=5))))
    assert [(each.code, each.action) for each in refused.values()] == [(Code.INTERNAL_ERROR, Action.RETRY)]


def test_a_delivery_that_is_put_off_keeps_its_patience_for_providers(desk: Desk) -> None:
    """What waited for a rate begins anew; what waited for a pause has spent that."""
    by_rate, by_pause = desk.claimed(), desk.claimed()
    since = by_pause.now - timedelta(seconds=9)
    later = [
        Later(claim=by_rate, seconds=5, refund=False),
        Later(claim=by_pause, seconds=5, refund=False, patient_from=since),
    ]
    desk.runtime.run(release.give_back(desk.process.engine, later))
    first, second = (desk.row(each.claim.id) for each in later)
    assert first["queued_at"] == first["not_before"]
    assert second["queued_at"] == since
    assert first["paced"] is second["paced"] is True


def test_a_delivery_that_is_tried_again_need_not_stand_in_line_again(desk: Desk) -> None:
    claimed = desk.claimed()
    desk.runtime.run(desk.process.writer.write(result(claimed, REFUSED, Again(delay=1, spends_attempt=True))))
    assert desk.row(claimed.id)["paced"] is True
