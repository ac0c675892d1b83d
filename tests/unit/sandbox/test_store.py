import json
from typing import Any

from deploy.local.sandbox.store import Message, Store, render


def _message(**fields: Any) -> Message:
    usual: dict[str, Any] = {
        "channel": "whatsapp",
        "provider": "waha",
        "sender": "default",
        "to": "628111@c.us",
        "type": "text",
        "body": "Halo",
        "raw": b'{"text": "Halo"}',
        "delivery_id": None,
        "provider_message_id": "m1",
        "started_at": 1_700_000_000.0,
        "received_at": 1_700_000_000.25,
    }
    return Message(**{**usual, **fields})


def _store(*messages: Message, capacity: int = 10) -> Store:
    store = Store(capacity)
    for message in messages:
        store.add(message)
    return store


def test_a_message_is_shown_with_its_request_and_its_times() -> None:
    assert json.loads(render(_message())) == {
        "channel": "whatsapp",
        "provider": "waha",
        "sender": "default",
        "to": "628111",
        "type": "text",
        "body": "Halo",
        "started_at": "2023-11-14T22:13:20.000Z",
        "received_at": "2023-11-14T22:13:20.250Z",
        "delivery_id": None,
        "provider_message_id": "m1",
        "traceparent": None,
        "request_id": None,
        "raw": {"text": "Halo"},
    }


def test_an_email_shows_its_subject_and_text_and_itself() -> None:
    raw = b"Subject: Hello\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDear Ann\r\n"
    shown = json.loads(render(_message(channel="email", body=None, raw=raw)))
    assert shown["body"] == "Hello\n\nDear Ann"
    assert shown["raw"] == raw.decode()


def test_an_email_of_html_alone_shows_the_html() -> None:
    raw = b"Subject: Hello\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Dear Ann</p>\r\n"
    assert json.loads(render(_message(body=None, raw=raw)))["body"] == "Hello\n\n<p>Dear Ann</p>"


def test_messages_are_selected_by_channel_and_recipient() -> None:
    ours, other, mail = _message(), _message(to="628222@c.us"), _message(channel="email", to="Ann@example.org")
    store = _store(ours, other, mail)
    assert list(store.select()) == [ours, other, mail]
    assert list(store.select("whatsapp", "+628111")) == [ours]
    assert list(store.select(to="ann@example.org")) == [mail]


def test_the_oldest_go_when_the_store_is_full() -> None:
    store = _store(*(_message(provider_message_id=str(number)) for number in range(5)), capacity=3)
    assert [message.provider_message_id for message in store.select()] == ["2", "3", "4"]


def test_the_youngest_message_of_an_id_is_found() -> None:
    first, second = _message(body="first"), _message(body="second")
    store = _store(first, second)
    assert store.find("m1") is second
    assert store.find("m2") is None


def test_counting_tells_deliveries_that_came_twice() -> None:
    store = _store(_message(delivery_id="a"), _message(delivery_id="a"), _message(channel="email"))
    assert store.count() == {"count": 3, "by_channel": {"whatsapp": 2, "email": 1}, "distinct_delivery_ids": 1}
    assert store.clear() == 3
    assert store.count()["count"] == 0
