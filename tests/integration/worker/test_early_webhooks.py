"""Webhooks that come before what they are about, and those that are about nothing of ours."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from shared.db.tables import deliveries
from shared.domain.channels import Channel
from shared.domain.outcome import Sent
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.heard import (
    PERSON,
    ack,
    clear,
    handle,
    hear,
    left,
    of_gowa,
    of_meta,
    status,
    store,
)
from tests.integration.worker.reports import change
from worker.channels.whatsapp import message_ids
from worker.receipts import matching
from worker.receipts.matching import Calls


@pytest.fixture(autouse=True)
def _nothing_left(desk: Desk) -> Iterator[None]:
    yield
    clear(desk)


@pytest.mark.parametrize(("provider", "body"), [("gowa", of_gowa("read", "3EB0X", "3EB0Y")), ("waha", ack("true_1@c.us_3EB0X", 3))])
def test_a_receipt_that_comes_before_the_outcome_is_kept_for_it(desk: Desk, provider: str, body: bytes) -> None:
    key_id = desk.key(Channel.WHATSAPP)
    (made,) = desk.send((Channel.WHATSAPP, 0, key_id))
    (claimed,) = desk.claim([made])
    webhook_id = hear(desk, key_id, body, provider)
    assert (left(desk, [webhook_id]), desk.row(made)["receipt"]) == (1, None)
    desk.runtime.run(desk.process.writer.write(result(claimed, Sent(provider_message_id="3EB0X"))))
    handle(desk, webhook_id)
    assert (desk.row(made)["receipt"], desk.state(made)) == ("read", "sent")


def test_a_message_of_the_device_s_owner_is_waited_for_no_longer_than_the_calls_at_its_time(desk: Desk, another: Desk) -> None:
    key_id, theirs = desk.key(Channel.WHATSAPP), another.key(Channel.WHATSAPP)
    made, of_another = desk.send((Channel.WHATSAPP, 0, key_id))[0], another.send((Channel.WHATSAPP, 0, theirs))[0]
    foreign = ack("true_1@c.us_3EB0Z", 2)
    (claimed, _) = (*desk.claim([made]), *another.claim([of_another]))
    before = hear(desk, key_id, foreign, "waha", received_at=later(-5))
    meanwhile = hear(desk, key_id, foreign, "waha")
    by_meta = hear(desk, desk.key(Channel.WABA), of_meta(statuses=[status("read", None, "wamid.theirs")]))
    assert [left(desk, [each]) for each in (before, meanwhile, by_meta)] == [0, 1, 0]
    desk.runtime.run(desk.process.writer.write(result(claimed)))
    afterwards = hear(desk, key_id, foreign, "waha")
    assert left(desk, [meanwhile, afterwards]) == 1
    handle(desk, meanwhile)
    assert left(desk, [meanwhile]) == 0
    clear(another)


def test_an_answer_that_is_recorded_while_its_webhook_is_handled_is_not_overlooked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a call is under way is asked before the message is looked for: what ends in between is found."""
    key_id = desk.key(Channel.WHATSAPP)
    (made,) = desk.send((Channel.WHATSAPP, 0, key_id))
    (claimed,) = desk.claim([made])
    find = matching.find_calls

    async def find_and_record(*arguments: Any) -> Calls:
        found = await find(*arguments)
        await desk.process.writer.write(result(claimed, Sent(provider_message_id="3EB0X")))
        return found

    monkeypatch.setattr(matching, "find_calls", find_and_record)
    webhook_id = hear(desk, key_id, of_gowa("read", "3EB0X"), "gowa")
    assert (left(desk, [webhook_id]), desk.row(made)["receipt"]) == (0, "read")


def test_what_came_too_early_is_handled_again_soon(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    published: dict[UUID, float] = {}

    async def note(webhook_ids: list[UUID], seconds: float = 0.0) -> None:
        published.update(dict.fromkeys(webhook_ids, seconds))

    monkeypatch.setattr(desk.process.publisher, "publish_receipts", note)
    key_id = desk.key(Channel.WHATSAPP)
    (made_before,) = desk.send((Channel.WHATSAPP, 0, key_id))
    desk.claim([made_before])
    change(desk, deliveries, made_before, claimed_at=later(-90))
    ages = [0, 3, 30, 60]
    made = [store(desk, key_id, of_gowa("read", f"3EB0{age}"), "gowa", received_at=later(-age)) for age in ages]
    handle(desk, *made)
    waits = [published.get(each) for each in made]
    assert waits[0] == 1.0
    assert waits[1] in {3.0, 4.0, 5.0, 6.0}
    assert waits[2:] == [8.0, None]


def test_an_acknowledgement_finds_its_message_in_whatever_chat(desk: Desk) -> None:
    """WhatsApp may come to hide a number; a failure that is of another spelling is of the same message all the same."""
    key_id = desk.key(Channel.WHATSAPP)
    ours, file = (desk.send((Channel.WHATSAPP, 0, key_id))[0] for _ in range(2))
    for each, message_id in ((ours, f"true_{PERSON}@c.us_{message_ids.message_id(ours)}"), (file, f"true_{PERSON}@c.us_3EB0F")):
        with desk.database.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE deliveries SET state = 'sent', provider_message_id = %s WHERE id = %s", (message_id, each)
            )
    hear(desk, key_id, ack(f"true_99@lid_{message_ids.message_id(ours)}", -1), "waha")
    hear(desk, key_id, ack("true_99@lid_3EB0F", 2), "waha")
    assert [desk.row(each)["receipt"] for each in (ours, file)] == ["failed", "delivered"]
    assert desk.row(file)["provider_message_id"] == f"true_{PERSON}@c.us_3EB0F"
