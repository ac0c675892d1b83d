"""Webhooks that are handled side by side, or while what they tell of is under way: nobody waits in a circle, all is said once."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.db.tables import deliveries
from shared.domain.channels import Channel
from shared.domain.confirmation import Until
from tests.integration.worker.awaited import UNTIL, end, overdue, recover, send
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.heard import clear, handle, hear, key_row, left, of_meta, status, store, to_meta
from tests.integration.worker.reports import REFUSAL, SENT, change, states
from tests.integration.worker.stories import noted
from worker.receipts import handling, reading, recording
from worker.receipts.recording import Recorded


@pytest.fixture(autouse=True)
def _nothing_left(desk: Desk) -> Iterator[None]:
    yield
    clear(desk)


def _deadlocks(desk: Desk) -> int:
    statement = "SELECT pg_stat_force_next_flush(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with desk.database.connect() as connection:
        return int(connection.execute(text(statement)).one().deadlocks)


def test_tasks_that_share_webhooks_do_not_wait_in_a_circle(desk: Desk) -> None:
    """Each webhook refuses a message of its own key, whose unit is given back, and brings a word of the same few people."""
    key_ids = [desk.key(Channel.WABA, quota_limit=100, quota_used=50) for _ in range(6)]
    before = _deadlocks(desk)
    for round_ in range(6):
        stored = []
        for number, key_id in enumerate(key_ids):
            (made,) = desk.send((Channel.WABA, 0, key_id), state="sent", claimed_at=later(0))
            told = of_meta(statuses=[status("failed", made, f"wamid.{made}", code=131031 if number % 2 else 131026)])
            stored += [store(desk, key_id, told), store(desk, key_id, to_meta("STOP", round_, f"wamid.in.{number}"))]

        async def at_once(shared: list[UUID] = stored) -> None:
            sets = [shared[:8], shared[4:], shared[::-1], shared[::2], shared[1::2]]
            await asyncio.gather(*(handling.handle(desk.process, each) for each in sets))

        desk.runtime.run(at_once())
        assert left(desk, stored) == 0
    assert [key_row(desk, each)["quota_used"] for each in key_ids] == [44] * 6
    assert _deadlocks(desk) == before


@pytest.mark.parametrize("until", [None, UNTIL])
@pytest.mark.parametrize("killed", [False, True])
def test_a_failure_that_comes_before_the_answer_falls_back_once(
    desk: Desk, published: list[UUID], until: Until | None, *, killed: bool
) -> None:
    """Should the worker die before it records the answer, the webhook waits for what recovery makes of its call."""
    key_id = desk.key(Channel.WABA)
    made = desk.send((Channel.WABA, 0, key_id), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)), until=until)
    (claimed,) = desk.claim(made[:1])
    webhook_id = hear(desk, key_id, of_meta(statuses=[status("failed", made[0])]))
    assert (left(desk, [webhook_id]), states(desk, made)) == (1, ["running", "claimed", "waiting"])
    if killed:
        change(desk, deliveries, made[0], lease_until=later(-1))
        recover(desk)
    else:
        desk.runtime.run(desk.process.writer.write(result(claimed, SENT)))
    for _ in range(2):
        handle(desk, webhook_id)
    assert (left(desk, [webhook_id]), states(desk, made)) == (0, ["running", "failed", "queued"])
    assert (published.count(made[1]), desk.row(made[0])["confirm_by"]) == (1, None)
    if killed:
        desk.runtime.run(desk.process.writer.write(result(claimed, SENT)))
        assert states(desk, made) == ["running", "failed", "queued"]
    assert [kind for kind, _ in noted(desk, made[0])].count("resolved.failed") == 1


def test_a_refusal_of_the_call_is_not_refused_again(desk: Desk) -> None:
    """What Meta reports of a message whose call it is said to have refused changes nothing any more."""
    key_id = desk.key(Channel.WABA, quota_limit=9, quota_used=5)
    (made,) = desk.send((Channel.WABA, 0, key_id))
    (claimed,) = desk.claim([made])
    desk.runtime.run(desk.process.writer.write(result(claimed, REFUSAL)))
    hear(desk, key_id, of_meta(statuses=[status("failed", made)]))
    assert (desk.state(made), key_row(desk, key_id)["quota_used"]) == ("failed", 5)


@pytest.mark.parametrize("times", [1, 99])
def test_what_postgres_refuses_for_a_while_is_not_tried_one_by_one(desk: Desk, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """A moment is waited out; longer than that and the webhooks are left to recovery, all of them."""
    key_id, real = desk.key(Channel.WABA), recording.record
    tries = 0

    async def record(*arguments: Any) -> Recorded:
        nonlocal tries
        tries += 1
        if tries <= times:
            raise OperationalError("", None, Exception())
        return await real(*arguments)

    monkeypatch.setattr(recording, "record", record)
    monkeypatch.setattr(handling, "_PATIENCE", 0.3)
    stored = [store(desk, key_id, to_meta("Hi", 1, f"wamid.in.{number}")) for number in range(3)]
    handle(desk, *stored)
    assert (tries, left(desk, stored)) == ((2, 0) if times == 1 else (2, 3))


def test_a_webhook_that_cannot_be_handled_holds_up_no_deadline(
    desk: Desk, published: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = send(desk)
    change(desk, deliveries, made[0], ended_at=later(-20))
    monkeypatch.setattr(reading, "READERS", {})
    webhook_id = hear(desk, desk.key(Channel.WABA), of_meta(), received_at=later(-9))
    overdue(desk, made)
    end(desk, made[0])
    assert (left(desk, [webhook_id]), states(desk, made), published) == (1, ["running", "sent", "queued"], made[1:])
