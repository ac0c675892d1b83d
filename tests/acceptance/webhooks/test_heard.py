"""What a customer's server gets of messages that are sent and received."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import signature
from tests.acceptance.backend import Backend, JsonObject, await_true, new_phone
from tests.acceptance.kirim.organisation import text
from tests.acceptance.webhooks.conftest import MakeCustomer
from tests.acceptance.webhooks.customer import DELIVERIES, SUBSCRIPTIONS, Customer
from tests.integration.receiver import Got, Receiver

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def demo(make_customer: MakeCustomer, demo_account: JsonObject) -> Customer:
    """The account whose number the sandbox's webhooks come for."""
    return Customer(replace(make_customer().account, token=demo_account["token"]))


@pytest.fixture
def secret(demo: Customer, receiver: Receiver) -> Iterator[str]:
    """What signs the webhooks that the receiver gets of all that happens to the demonstration account."""
    made = demo.subscribe(receiver.url)
    yield made["initial_secret"]
    demo.told("DELETE", f"{SUBSCRIPTIONS}/{made['id']}")


def about(receiver: Receiver, mark: str) -> list[Got]:
    return [got for got in receiver.got if mark in got.body.decode()]


def heard(receiver: Receiver, secret: str, mark: str, number: int = 1) -> list[Any]:
    """Wait until a customer has heard of something so often, and give it, verified."""
    await_true(lambda: len(about(receiver, mark)) >= number)
    got = about(receiver, mark)
    assert all(signature.is_valid(secret, each.headers, each.body, time.time()) for each in got)
    return [(each.headers, json.loads(each.body)) for each in got]


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_a_sent_message_is_told_signed(demo: Customer, receiver: Receiver, secret: str) -> None:
    identifier = demo.account.sent(text())
    ((headers, body),) = heard(receiver, secret, identifier)
    assert (headers["X-Kirim-Event"], headers["X-Kirim-Source"]) == ("message.status", "kirim")
    assert (body["id"], body["type"]) == (headers["X-Kirim-Event-Id"], "message.status")
    assert (body["data"]["message"]["id"], body["data"]["message"]["status"]) == (identifier, "sent")
    found = demo.reached(headers["X-Kirim-Delivery-Id"], "delivered")
    assert (found["event_id"], found["event_type"], found["source"]) == (body["id"], "message.status", "kirim")


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_metas_receipt_passes_as_it_came(demo: Customer, backend: Backend, receiver: Receiver, secret: str) -> None:
    to = new_phone()
    demo.account.reached(demo.account.sent(text(f"+{to}")), "sent")
    (message,) = backend.received("waba", to)
    message_id = message["provider_message_id"]
    backend.sandbox.post("/_sandbox/receipts", json={"provider_message_id": message_id, "status": "read"}).raise_for_status()
    await_true(lambda: any(got.headers["X-Kirim-Source"] == "meta" for got in about(receiver, message_id)))
    (got,) = [got for got in about(receiver, message_id) if got.headers["X-Kirim-Source"] == "meta"]
    assert signature.is_valid(secret, got.headers, got.body, time.time())
    assert (got.headers["X-Kirim-Event"], got.headers["X-Kirim-Event-Id"]) == ("message.status", message_id)
    (status,) = json.loads(got.body)["entry"][0]["changes"][0]["value"]["statuses"]
    assert (status["id"], status["status"], status["recipient_id"]) == (message_id, "read", to)


def test_what_somebody_writes_is_told(backend: Backend, receiver: Receiver, secret: str) -> None:
    order = {"channel": "waba", "from": new_phone(), "text": "Is my order ready?"}
    backend.sandbox.post("/_sandbox/inbound", json=order).raise_for_status()
    ((headers, body),) = heard(receiver, secret, order["from"])
    assert (headers["X-Kirim-Event"], headers["X-Kirim-Source"]) == ("message.received", "meta")
    (message,) = body["entry"][0]["changes"][0]["value"]["messages"]
    assert (message["id"], message["text"]["body"]) == (headers["X-Kirim-Event-Id"], order["text"])


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_a_receiver_that_is_down_hears_it_when_it_is_back(demo: Customer, receiver: Receiver, secret: str) -> None:
    receiver.plan = [500] * 20
    identifier = demo.account.sent(text())
    await_true(lambda: bool(about(receiver, identifier)))
    webhook_id = about(receiver, identifier)[0].headers["X-Kirim-Delivery-Id"]
    found = demo.reached(webhook_id, "failed")
    assert (found["response_status"], found["error"], found["attempts"]) == (500, "http_status", 1)
    receiver.plan = []
    demo.set(webhook_id, next_attempt_at=_LONG_AGO, published_at=_LONG_AGO)
    found = demo.reached(webhook_id, "delivered")
    assert found["attempts"] == 2
    assert len({each[0]["X-Kirim-Event-Id"] for each in heard(receiver, secret, identifier, 2)}) == 1
    assert demo.listed(DELIVERIES, status="failed") == []
