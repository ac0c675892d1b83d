"""What became of webhooks: listed, looked up, and posted again."""

from typing import Any

import pytest

from tests.acceptance.kirim.test_refusals import check
from tests.acceptance.webhooks.customer import DELIVERIES, SUBSCRIPTIONS, Customer
from tests.integration.receiver import Receiver

_SHOWN = (
    "id object subscription_id event_id event_type source status attempts next_attempt_at response_status error created_at ended_at"
)


def test_a_webhook_is_shown_as_it_stands(customer: Customer, receiver: Receiver) -> None:
    subscription_id = customer.subscribe(receiver.url)["id"]
    (made,) = customer.write(subscription_id, 1, response_status=404, error="http_status")
    found = customer.look_up(made)
    assert list(found) == _SHOWN.split()
    assert (found["object"], found["subscription_id"], found["source"]) == ("webhook_delivery", subscription_id, "meta")
    assert (found["status"], found["attempts"], found["response_status"], found["error"]) == ("dead", 8, 404, "http_status")
    assert customer.listed(DELIVERIES) == [found]


def test_webhooks_are_found_by_what_they_have_in_common(customer: Customer, receiver: Receiver) -> None:
    one, two = (customer.subscribe(receiver.url)["id"] for _ in range(2))
    dead = customer.write(one, 2)
    heard = customer.write(one, 1, "delivered", event_type="message.received")
    other = customer.write(two, 1)
    newest_first = [*other, *heard, *reversed(dead)]

    def found(**query: str | int) -> list[str]:
        return [each["id"] for each in customer.listed(DELIVERIES, **query)]

    for limit in (1, 2, 100):
        assert found(limit=limit) == newest_first
    assert found(subscription_id=two) == other
    assert found(status="delivered") == found(event_type="message.received") == heard
    assert found(subscription_id=one, status="dead", limit=1) == [*reversed(dead)]
    since = customer.look_up(heard[0])["created_at"]
    assert set(found(created_after=since)) >= {*heard, *other}
    assert found(created_before="2026-01-01") == found(status="pending") == []


@pytest.mark.parametrize(
    ("query", "param"),
    [({"status": "lost"}, "status"), ({"subscription_id": "a"}, "subscription_id"), ({"event_type": ""}, "event_type"),
     ({"created_after": "yesterday"}, "created_after"), ({"created_before": "tomorrow"}, "created_before")],
)  # fmt: skip
def test_a_wrong_filter(customer: Customer, query: dict[str, str], param: str) -> None:
    check(customer.ask("GET", DELIVERIES, **query), 400, "invalid_request_error", "invalid_field_value", param)


@pytest.mark.parametrize("state", ["dead", "delivered", "failed", "pending"])
def test_any_webhook_is_posted_again(customer: Customer, receiver: Receiver, state: str) -> None:
    (made,) = customer.write(customer.subscribe(receiver.url)["id"], 1, state)
    replayed = customer.told("POST", f"{DELIVERIES}/{made}/replay", status=202)
    assert (replayed["id"], replayed["status"], replayed["attempts"], replayed["error"]) == (made, "pending", 0, None)
    found = customer.reached(made, "delivered")
    assert (found["attempts"], found["response_status"], found["next_attempt_at"]) == (1, 200, None)
    (got,) = receiver.got
    assert (got.headers["X-Kirim-Delivery-Id"], got.headers["X-Kirim-Attempt"]) == (made, "1")
    assert got.headers["X-Kirim-Event-Id"] == found["event_id"]


def test_many_are_posted_again(customer: Customer, receiver: Receiver) -> None:
    one, two = (customer.subscribe(receiver.url)["id"] for _ in range(2))
    dead, failed, others = customer.write(one, 3), customer.write(one, 2, "failed"), customer.write(two, 1)

    def replay(**body: Any) -> Any:
        return customer.told("POST", f"{DELIVERIES}/bulk_replay", {"subscription_id": one, **body}, status=202)

    assert replay(event_type="message.received") == {"enqueued": 0, "capped": False}
    assert replay(created_before=1_000_000) == {"enqueued": 0, "capped": False}
    assert replay(created_after="2026-01-01T00:00:00Z") == {"enqueued": 3, "capped": False}
    for each in dead:
        customer.reached(each, "delivered")
    assert [customer.look_up(each)["status"] for each in (*failed, *others)] == ["failed", "failed", "dead"]
    assert replay(status="failed") == {"enqueued": 2, "capped": False}
    for each in failed:
        customer.reached(each, "delivered")
    assert len(receiver.got) == 5


def test_a_bulk_replay_is_capped(customer: Customer, receiver: Receiver) -> None:
    subscription_id = customer.subscribe(receiver.url)["id"]
    made = customer.write(subscription_id, 1001)
    body = {"subscription_id": subscription_id}
    assert customer.told("POST", f"{DELIVERIES}/bulk_replay", body, status=202) == {"enqueued": 1000, "capped": True}
    assert customer.look_up(made[-1])["status"] == "dead"
    assert customer.look_up(made[0])["status"] != "dead"
    customer.told("DELETE", f"{SUBSCRIPTIONS}/{subscription_id}")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "subscription_id"),
        ({"subscription_id": 1}, "invalid_field_value", "subscription_id"),
        ({"subscription_id": "wbs_1", "status": "delivered"}, "invalid_field_value", "status"),
        ({"subscription_id": "wbs_1", "event_type": ""}, "invalid_field_value", "event_type"),
        ({"subscription_id": "wbs_1", "event_type": "x" * 65}, "invalid_field_value", "event_type"),
        ([], "invalid_request", None),
    ],
)
def test_a_wrong_bulk_replay(customer: Customer, body: Any, code: str, param: str | None) -> None:
    check(customer.ask("POST", f"{DELIVERIES}/bulk_replay", body), 400, "invalid_request_error", code, param)


def test_a_wrong_time_of_a_bulk_replay(customer: Customer, receiver: Receiver) -> None:
    body = {"subscription_id": customer.subscribe(receiver.url)["id"], "created_after": "yesterday"}
    answer = customer.ask("POST", f"{DELIVERIES}/bulk_replay", body)
    check(answer, 400, "invalid_request_error", "invalid_field_value", "created_after")


def test_a_disabled_subscription_is_activated_first(customer: Customer, receiver: Receiver) -> None:
    subscription_id = customer.subscribe(receiver.url)["id"]
    (made,) = customer.write(subscription_id, 1)
    path = f"{SUBSCRIPTIONS}/{subscription_id}"
    customer.told("PATCH", path, {"status": "disabled"})
    check(customer.ask("POST", f"{DELIVERIES}/{made}/replay"), 409, "conflict", "webhook_subscription_disabled")
    answer = customer.ask("POST", f"{DELIVERIES}/bulk_replay", {"subscription_id": subscription_id})
    check(answer, 409, "conflict", "webhook_subscription_disabled")
    customer.told("PATCH", path, {"status": "active"})
    customer.told("POST", f"{DELIVERIES}/{made}/replay", status=202)
    customer.reached(made, "delivered")


def test_what_is_anothers_is_not_there(customer: Customer, neighbour: Customer, receiver: Receiver) -> None:
    subscription_id = customer.subscribe(receiver.url)["id"]
    (made,) = customer.write(subscription_id, 1)
    for method, path, body in (
        ("GET", f"{DELIVERIES}/{made}", None),
        ("POST", f"{DELIVERIES}/{made}/replay", None),
        ("POST", f"{DELIVERIES}/bulk_replay", {"subscription_id": subscription_id}),
    ):
        check(neighbour.ask(method, path, body), 404, "not_found", "resource_not_found")
    assert neighbour.listed(DELIVERIES, subscription_id=subscription_id) == []
    check(customer.ask("GET", f"{DELIVERIES}/wbd_1"), 404, "not_found", "resource_not_found")
    assert customer.look_up(made)["status"] == "dead"
