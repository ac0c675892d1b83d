"""Unknown deliveries are looked up at their gateway, ever more seldom, and what is found was sent."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update

from shared import ids, settings
from shared.db.tables import channel_keys, deliveries
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Unknown
from shared.domain.retry import Again, End
from shared.management import keys
from tests.integration.worker.conftest import Desk, later, result, until
from tests.integration.worker.stories import noted, send_state
from tests.integration.worker.waha_chats import waha
from worker import recovery, resolution
from worker.deliver import claim

_LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time")
_FOUND = ("resolved.sent", "the message was found at the provider")


def device(desk: Desk, base_url: str, gateway: str = "waha") -> UUID:
    credentials = {"gateway": gateway, "base_url": base_url, "api_key": "user:secret"}
    with desk.database.begin() as connection:
        return keys.create(connection, desk.account_id, Channel.WHATSAPP, "device", credentials)[0].id


def lost(desk: Desk, key_id: UUID, *, age: float = 6, **changes: Any) -> list[UUID]:
    """Make a send whose message may have left some seconds ago and is to be looked up now, with a fallback by email."""
    ended = {"state": "unknown", "code": "answer_timeout", "reason": "late", "claimed_at": later(-age), "ended_at": later(-age)}
    planned = (Channel.WHATSAPP, 0, key_id), (Channel.EMAIL, 1, desk.key(Channel.EMAIL))
    return desk.send(*planned, **{**ended, "attempts": 1, "resolve_at": later(-1), **changes})


def run(desk: Desk, scenario: Coroutine[Any, Any, Any]) -> None:
    desk.runtime.run(asyncio.wait_for(scenario, 30))


async def resolve(desk: Desk) -> None:
    await resolution.resolve_due(desk.process)


def test_what_is_found_was_sent_and_the_fallback_is_withdrawn(desk: Desk) -> None:
    async def scenario() -> None:
        async with waha() as chats:
            made = lost(desk, device(desk, chats.base_url))
            with desk.database.begin() as connection:
                queued = {"state": "queued", "queued_at": later(0), "published_at": later(0)}
                connection.execute(update(deliveries).where(deliveries.c.id == made[1]).values(queued))
            chats.there = {made[0]}
            await resolve(desk)
            assert chats.asked == [made[0]]
            row = desk.row(made[0])
            assert (row["state"], row["code"], row["reason"], row["resolve_at"]) == ("sent", None, None, None)
            assert row["provider_message_id"].startswith("true_6281234567890@c.us_3EB0")
            assert [desk.state(each) for each in made] == ["sent", "skipped"]
            assert (send_state(desk, made[0]), noted(desk, made[0])) == ("sent", [_FOUND])

    run(desk, scenario())


@pytest.mark.parametrize(("age", "next_at"), [(6, 15), (20, 60), (70, 300), (400, 1800), (2000, None)])
def test_what_is_not_found_is_looked_up_ever_more_seldom_and_stays_unknown(desk: Desk, age: float, next_at: float | None) -> None:
    async def scenario() -> None:
        async with waha() as chats:
            made = lost(desk, device(desk, chats.base_url), age=age)
            await resolve(desk)
            await resolve(desk)
            assert chats.asked == [made[0]]
            row = desk.row(made[0])
            assert (row["state"], row["code"], noted(desk, made[0])) == ("unknown", "answer_timeout", [])
            if next_at is None:
                assert row["resolve_at"] is None
            else:
                assert (row["resolve_at"] - row["ended_at"]).total_seconds() == pytest.approx(next_at)

    run(desk, scenario())


@pytest.mark.parametrize("gateway", ["gowa", "fonnte"])
def test_a_gateway_that_cannot_be_asked_is_not_asked_again(desk: Desk, gateway: str) -> None:
    made = lost(desk, device(desk, "http://127.0.0.1:1", gateway))
    run(desk, resolve(desk))
    assert (desk.state(made[0]), desk.row(made[0])["resolve_at"]) == ("unknown", None)


@pytest.mark.parametrize("trouble", [{"credentials": b"k9:nonsense"}, {}])
def test_trouble_on_the_way_leaves_it_to_the_next_time(desk: Desk, trouble: dict[str, Any]) -> None:
    key_id = device(desk, "http://127.0.0.1:1")
    with desk.database.begin() as connection:
        if trouble:
            connection.execute(update(channel_keys).where(channel_keys.c.id == key_id).values(trouble))
    made = lost(desk, key_id)
    run(desk, resolve(desk))
    row = desk.row(made[0])
    assert row["state"] == "unknown"
    assert row["resolve_at"] > datetime.now(UTC)


def test_a_retry_whose_first_call_was_sent_is_not_made(desk: Desk) -> None:
    async def scenario() -> None:
        async with waha() as chats:
            key_id = device(desk, chats.base_url)
            made = lost(desk, key_id, state="queued", ended_at=None, queued_at=later(-6), not_before=None)
            chats.there = {made[0]}
            await resolve(desk)
            assert (desk.state(made[0]), send_state(desk, made[0])) == ("sent", "sent")
            claimed, early = await claims(desk, made[0])
            assert (claimed, early) == ([], [])

    run(desk, scenario())


async def claims(desk: Desk, delivery_id: UUID) -> tuple[list[Any], list[Any]]:
    return await claim.claim(desk.process.lines, [delivery_id])


def test_a_first_call_is_looked_up_although_the_second_was_refused(desk: Desk) -> None:
    refused = NotSent(code=Code.RECIPIENT_UNREACHABLE, reason="no such number", action=Action.NEXT)

    async def scenario() -> None:
        async with waha() as chats:
            (made,) = desk.send((Channel.WHATSAPP, 0, device(desk, chats.base_url)))
            chats.there = {made}
            (first,) = (await claims(desk, made))[0]
            await desk.process.writer.write(result(first, _LOST, Again(delay=0.0, spends_attempt=True)))
            assert 3 < in_seconds(desk, made) <= 5
            (second,) = (await claims(desk, made))[0]
            await desk.process.writer.write(result(second, refused, End()))
            assert (desk.state(made), send_state(desk, made)) == ("failed", "failed")
            await asyncio.to_thread(due_now, desk, made)
            await resolve(desk)
            assert desk.state(made) == "sent"
            assert noted(desk, made) == [_FOUND]

    run(desk, scenario())


def in_seconds(desk: Desk, delivery_id: UUID) -> float:
    moment: datetime = desk.row(delivery_id)["resolve_at"]
    return (moment - datetime.now(UTC)).total_seconds()


def due_now(desk: Desk, delivery_id: UUID) -> None:
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(resolve_at=later(-1)))


def test_what_a_worker_is_calling_is_left_to_it(desk: Desk) -> None:
    async def scenario() -> None:
        async with waha() as chats:
            key_id = device(desk, chats.base_url)
            made = lost(desk, key_id, state="claimed", claim_id=ids.new(), lease_until=later(60), ended_at=None)
            chats.there = {made[0]}
            await resolve(desk)
            assert (chats.asked, desk.state(made[0])) == ([], "claimed")

    run(desk, scenario())


def test_a_held_delivery_that_is_found_needs_nobody(desk: Desk) -> None:
    async def scenario() -> None:
        async with waha() as chats:
            made = lost(desk, device(desk, chats.base_url), held=True)
            chats.there = {made[0]}
            await resolve(desk)
            assert (desk.state(made[0]), desk.row(made[0])["held"], desk.state(made[1])) == ("sent", False, "skipped")

    run(desk, scenario())


def test_no_transaction_is_open_during_a_look_up_and_two_workers_share_the_work(desk: Desk) -> None:
    async def scenario() -> None:
        async with waha() as chats:
            key_id = device(desk, chats.base_url)
            made = [lost(desk, key_id)[0] for _ in range(5)]
            chats.gate.clear()
            first = asyncio.create_task(resolve(desk))
            await until(lambda: len(chats.asked) == 5)
            await resolve(desk)
            assert await asyncio.to_thread(idle_in_transaction, desk) == 0
            chats.gate.set()
            await first
            assert sorted(each for each in chats.asked if each) == sorted(made)

    run(desk, scenario())


def idle_in_transaction(desk: Desk) -> int:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    with desk.database.connect() as connection:
        return int(connection.execute(text(asked)).scalar_one())


def test_recovery_starts_it(desk: Desk) -> None:
    async def scenario() -> None:
        async with waha() as chats:
            made = lost(desk, device(desk, chats.base_url))
            await recovery.recover(desk.process)
            assert made[0] in chats.asked

    run(desk, scenario())


def test_a_bug_of_ours_stops_one_look_up_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = resolution._look_up

    async def scenario() -> None:
        async with waha() as chats:
            key_id = device(desk, chats.base_url)
            bad, good = lost(desk, key_id)[0], lost(desk, key_id)[0]
            chats.there = {bad, good}

            async def faulty(row: Any, wires: Any) -> Any:
                if row.id == bad:
                    raise LookupError("6281234567890")
                return await real(row, wires)

            monkeypatch.setattr(resolution, "_look_up", faulty)
            await resolve(desk)
            assert (desk.state(bad), desk.state(good)) == ("unknown", "sent")

    run(desk, scenario())


def test_more_than_a_batch_is_looked_up_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolution, "_LIMIT", 2)

    async def scenario() -> None:
        async with waha() as chats:
            key_id = device(desk, chats.base_url)
            made = [lost(desk, key_id)[0] for _ in range(5)]
            chats.there = set(made)
            await resolve(desk)
            assert {desk.state(each) for each in made} == {"sent"}

    run(desk, scenario())


def test_a_run_ends_when_the_next_begins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that hangs takes its time for every batch, and runs must not gather until no thread is left for other work."""
    monkeypatch.setattr(resolution, "_LIMIT", 2)
    monkeypatch.setenv("ANTAR_RECOVER_INTERVAL", "0.001")
    settings.get.cache_clear()

    async def scenario() -> None:
        async with waha() as chats:
            key_id = device(desk, chats.base_url)
            made = [lost(desk, key_id)[0] for _ in range(5)]
            chats.there = set(made)
            await resolve(desk)
            assert [desk.state(each) for each in made].count("sent") == 2

    run(desk, scenario())
    monkeypatch.undo()
    settings.get.cache_clear()
