"""What the end of a delivery means beyond it: for its key, for its recipient, and for who wants to hear of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from shared import ids
from shared.db.tables import channel_keys, contacts, deliveries, suppressions, webhook_deliveries, webhook_subscriptions
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, Mark, Outcome, Unknown
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.reports import REFUSAL, SENT, TRIED, call, change, fail, sent
from worker.deliver import guards
from worker.runtime.publisher import Publisher


def key(desk: Desk, delivery_id: UUID) -> Any:
    with desk.database.connect() as connection:
        key_id = desk.row(delivery_id)["key_id"]
        return connection.execute(select(channel_keys).where(channel_keys.c.id == key_id)).one()


@pytest.mark.usefixtures("published")
def test_the_unit_of_the_quota_is_given_back_once(desk: Desk) -> None:
    made = sent(desk, quota_limit=5, quota_used=2)
    for _ in range(3):
        fail(desk, made[0])
    assert key(desk, made[0]).quota_used == 1


@pytest.mark.usefixtures("published")
def test_the_unit_of_what_was_unknown_too(desk: Desk) -> None:
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA, quota_limit=5, quota_used=2)))
    call(desk, made[0], Unknown(code=Code.ANSWER_TIMEOUT, reason="late"))
    for _ in range(2):
        fail(desk, made[0])
    assert key(desk, made[0]).quota_used == 1


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("resumed", "status"), [(None, "suspended"), (60, "active")])
def test_a_refusal_of_the_sender_suspends_its_key_unless_it_was_resumed_since(desk: Desk, resumed: int | None, status: str) -> None:
    made = sent(desk)
    change(desk, channel_keys, key(desk, made[0]).id, status_at=resumed and later(resumed))
    fail(desk, made[0], code=Code.SENDER_RESTRICTED, action=Action.KEY)
    found = key(desk, made[0])
    assert found.status == status
    assert found.status_code == (None if resumed else "sender_restricted")


def remembered(desk: Desk, table: Any) -> list[tuple[str, str]]:
    with desk.database.connect() as connection:
        rows = connection.execute(select(table).where(table.c.account_id == desk.account_id)).all()
    return [(row.channel, row.address) for row in rows]


_MARKS = [(Mark.OPTED_OUT, contacts), (Mark.BOUNCED, suppressions)]


_PERSON = ("waba", "6281234567890")


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("mark", "table"), _MARKS)
def test_what_a_late_failure_says_of_its_recipient_is_remembered(desk: Desk, mark: Mark, table: Any) -> None:
    made = sent(desk)
    for _ in range(2):
        fail(desk, made[0], mark=mark)
    assert remembered(desk, table) == [_PERSON]


@pytest.mark.parametrize(("mark", "table"), _MARKS)
def test_what_a_refused_call_says_of_its_recipient_is_remembered(desk: Desk, mark: Mark, table: Any) -> None:
    """Two of one flush write to the same person."""
    key_id = desk.key(Channel.WABA)
    made = [desk.send((Channel.WABA, 0, key_id))[0] for _ in range(2)]
    claims = desk.claim(made)

    async def write() -> None:
        refused = replace(REFUSAL, mark=mark)
        await asyncio.gather(*(desk.process.writer.write(result(each, refused)) for each in claims))

    desk.runtime.run(write())
    assert [desk.state(each) for each in made] == ["failed", "failed"]
    assert remembered(desk, table) == [_PERSON]
    (following,) = desk.claim(desk.send((Channel.WABA, 0, key_id)))
    stopped = guards.check(following)
    assert stopped is not None
    assert stopped.code in {Code.RECIPIENT_OPTED_OUT, Code.RECIPIENT_SUPPRESSED}


@pytest.fixture
def heard(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The webhooks to customers that are published, of an account that wants to hear of messages."""
    wanted = {"url": "https://shop.example/hook", "events": ["message.status"], "secrets": b"-"}
    with desk.database.begin() as connection:
        connection.execute(insert(webhook_subscriptions).values(id=ids.new(), account_id=desk.account_id, **wanted))
    found: list[UUID] = []

    async def publish(_: Publisher, webhook_ids: Sequence[UUID], *_rest: Any) -> None:
        found.extend(webhook_ids)

    monkeypatch.setattr(Publisher, "publish_webhooks", publish)
    return found


def statuses(desk: Desk, heard: Sequence[UUID]) -> list[tuple[str, str | None]]:
    """Give what was written for customers, each with the code of its error: all of it was published too."""
    statement = select(webhook_deliveries).where(webhook_deliveries.c.account_id == desk.account_id)
    with desk.database.connect() as connection:
        rows = connection.execute(statement.order_by(webhook_deliveries.c.id)).all()
    assert sorted(heard) == sorted(row.id for row in rows)
    messages = [row.body["data"]["message"] for row in rows]
    return [(message["status"], message.get("error", {}).get("code")) for message in messages]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (SENT, ("sent", None)),
        (REFUSAL, ("failed", "recipient_not_on_whatsapp")),
        (TRIED, ("failed", "recipient_blocked")),
        (Unknown(code=Code.ANSWER_TIMEOUT, reason="late"), ("failed", "outcome_unknown")),
    ],
)
def test_customers_hear_how_a_call_ended(desk: Desk, heard: list[UUID], outcome: Outcome, said: tuple[str, str | None]) -> None:
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA)))
    claimed = call(desk, made[0], outcome)
    desk.runtime.run(desk.process.writer.write(result(claimed, outcome)))
    assert statuses(desk, heard) == [said]


def test_customers_hear_of_what_is_known_late(desk: Desk, heard: list[UUID]) -> None:
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA)))
    (claimed,) = desk.claim(made)
    change(desk, deliveries, made[0], state="unknown", claim_id=None, lease_until=None)
    desk.runtime.run(desk.process.writer.write(result(claimed, SENT)))
    assert (desk.state(made[0]), statuses(desk, heard)) == ("sent", [("sent", None)])


@pytest.mark.usefixtures("published")
def test_who_subscribed_to_nothing_hears_nothing(desk: Desk) -> None:
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA)))
    assert not call(desk, made[0]).observed
    fail(desk, made[0])
    assert statuses(desk, []) == []
