"""What customers hear of receipts and of what people write to them."""

from typing import Any

from sqlalchemy import insert, select

from shared import ids
from shared.db.tables import webhook_deliveries, webhook_subscriptions
from shared.domain.channels import Channel
from tests.integration.worker.conftest import Desk
from tests.integration.worker.heard import (
    PERSON,
    ack,
    hear,
    of_meta,
    status,
    to_meta,
    to_waha,
)
from worker.channels.whatsapp import message_ids


def _subscribe(desk: Desk, *events: str) -> None:
    row = {"id": ids.new(), "account_id": desk.account_id, "url": "https://c.example", "secrets": b"", "events": list(events)}
    with desk.database.begin() as connection:
        connection.execute(insert(webhook_subscriptions).values(row))


def _told(desk: Desk) -> list[Any]:
    columns = webhook_deliveries.c
    with desk.database.connect() as connection:
        statement = select(columns.source, columns.event_type, columns.event_id, columns.dedupe, columns.body)
        return list(connection.execute(statement.where(columns.account_id == desk.account_id).order_by(columns.dedupe)))


def test_customers_hear_meta_in_its_own_words(desk: Desk) -> None:
    _subscribe(desk, "message.status", "message.received")
    key_id = desk.key(Channel.WABA)
    (made,) = desk.send((Channel.WABA, 0, key_id), state="sent", provider_message_id="wamid.1")
    body = to_meta("caf\N{LATIN SMALL LETTER E WITH ACUTE}\0", 1)
    for _ in range(2):
        hear(desk, key_id, of_meta(statuses=[status("delivered", made), status("sent", made)]))
        hear(desk, key_id, body)
    first, second = _told(desk)
    assert first[:4] == ("meta", "message.status", "wamid.1", "wamid.1:delivered")
    value = first.body["entry"][0]["changes"][0]["value"]
    assert [each["status"] for each in value["statuses"]] == ["delivered"]
    assert second[:4] == ("meta", "message.received", "wamid.in", "wamid.in:received")
    message = second.body["entry"][0]["changes"][0]["value"]["messages"][0]
    assert message["text"] == {"body": "caf\N{LATIN SMALL LETTER E WITH ACUTE}"}


def test_customers_hear_the_others_in_ours(desk: Desk) -> None:
    _subscribe(desk, "message.status", "message.received")
    key_id = desk.key(Channel.WHATSAPP)
    (made,) = desk.send((Channel.WHATSAPP, 0, key_id), state="sent")
    ours = message_ids.message_id(made)
    for _ in range(2):
        hear(desk, key_id, ack(f"true_1@c.us_{ours}", 3), "waha")
        hear(desk, key_id, to_waha("Hi", 1), "waha")
    told = {row.event_type: row for row in _told(desk)}
    assert len(_told(desk)) == 2
    assert (told["message.status"].source, told["message.status"].event_id[:4]) == ("kirim", "evt_")
    assert told["message.status"].body["data"]["message"]["status"] == "read"
    assert told["message.received"].body["data"]["message"] == {
        "id": "false_1_A",
        "object": "message",
        "channel": "whatsapp",
        "from": PERSON,
        "key_id": ids.encode(ids.KEY, key_id),
        "type": "text",
        "text": "Hi",
        "timestamp": "2026-11-20T08:01:00.000Z",
    }


def test_an_account_without_a_subscription_is_told_nothing(desk: Desk) -> None:
    _subscribe(desk, "message.status")
    hear(desk, desk.key(Channel.WABA), to_meta("Hi", 1))
    assert _told(desk) == []
