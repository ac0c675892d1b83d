"""Subscriptions: made, changed, rotated, deleted, and refused."""

import re
from typing import Any

import pytest

from shared.management import webhooks
from tests.acceptance.kirim.test_refusals import check
from tests.acceptance.webhooks.conftest import MakeCustomer
from tests.acceptance.webhooks.customer import DELIVERIES, EVENTS, SUBSCRIPTIONS, Customer

_URL = "https://shop.example.com/hooks"
_SHOWN = ["id", "object", "url", "description", "status", "status_reason", "events", "secrets", "created_at", "updated_at"]


def test_a_subscription_shows_its_secret_once(customer: Customer) -> None:
    made = customer.subscribe(_URL, description="orders")
    assert list(made) == [*_SHOWN, "initial_secret"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9]{32}", made.pop("initial_secret"))
    assert re.fullmatch(r"wbs_[0-9A-HJKMNP-TV-Z]{26}", made["id"])
    assert (made["object"], made["url"], made["description"]) == ("webhook_subscription", _URL, "orders")
    assert (made["status"], made["status_reason"], made["events"]) == ("active", None, EVENTS)
    (secret,) = made["secrets"]
    assert re.fullmatch(r"sec_[0-9A-HJKMNP-TV-Z]{26}", secret["id"])
    assert secret == {"id": secret["id"], "created_at": made["created_at"], "expires_at": None}
    assert customer.told("GET", f"{SUBSCRIPTIONS}/{made['id']}") == made
    assert customer.listed(SUBSCRIPTIONS) == [made]


def test_events_are_kept_once_each_and_unknown_fields_ignored(customer: Customer) -> None:
    made = customer.subscribe(_URL, ["message.status", "message.status"], livemode=True)
    assert made["events"] == ["message.status"]


@pytest.mark.parametrize(
    "url", ["http://shop.example.com/hooks", "ftp://shop.example", "https://10.0.0.1/", "https://u:p@a.example/", "x"]
)
def test_a_url_that_nothing_is_posted_to(customer: Customer, url: str) -> None:
    for answer in (
        customer.ask("POST", SUBSCRIPTIONS, {"url": url, "events": EVENTS}),
        customer.ask("PATCH", f"{SUBSCRIPTIONS}/wbs_1", {"url": url}),
    ):
        message = check(answer, 400, "invalid_request_error", "invalid_webhook_url", "url")
        assert message.startswith("url must ")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"events": EVENTS}, "missing_required_field", "url"),
        ({"url": _URL}, "missing_required_field", "events"),
        ({"url": _URL, "events": []}, "invalid_field_value", "events"),
        ({"url": _URL, "events": ["message.sent"]}, "invalid_field_value", "events"),
        ({"url": _URL, "events": ["message.status", 1]}, "invalid_field_value", "events"),
        ({"url": _URL, "events": "message.status"}, "invalid_field_value", "events"),
        ({"url": 1, "events": EVENTS}, "invalid_field_value", "url"),
        ({"url": f"{_URL}/{'a' * 2048}", "events": EVENTS}, "invalid_field_value", "url"),
        ({"url": _URL, "events": EVENTS, "description": "x" * 501}, "invalid_field_value", "description"),
        ({"url": _URL, "events": EVENTS, "description": "\0"}, "invalid_field_value", "description"),
        ([], "invalid_request", None),
        (b"{", "invalid_request", None),
        (b'{"url": NaN}', "invalid_request", None),
    ],
)
def test_a_wrong_subscription(customer: Customer, body: Any, code: str, param: str | None) -> None:
    check(customer.ask("POST", SUBSCRIPTIONS, body), 400, "invalid_request_error", code, param)


def test_a_subscription_is_changed_in_what_is_said(customer: Customer) -> None:
    path = f"{SUBSCRIPTIONS}/{customer.subscribe(_URL, description='orders')['id']}"
    changed = customer.told("PATCH", path, {"url": f"{_URL}/2", "events": ["message.status"]})
    assert (changed["url"], changed["events"], changed["description"]) == (f"{_URL}/2", ["message.status"], "orders")
    assert customer.told("PATCH", path, {"description": None, "url": None})["description"] is None
    assert customer.told("PATCH", path, {"status": "disabled"})["status"] == "disabled"
    assert customer.told("PATCH", path, {})["url"] == f"{_URL}/2"
    check(customer.ask("PATCH", path, {"status": "paused"}), 400, "invalid_request_error", "invalid_field_value", "status")
    check(customer.ask("PATCH", path, {"events": []}), 400, "invalid_request_error", "invalid_field_value", "events")
    assert customer.told("GET", path)["status"] == "disabled"


def test_a_secret_is_rotated(customer: Customer) -> None:
    made = customer.subscribe(_URL)
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    new = customer.told("POST", f"{path}/secrets", {"expires_in_hours": 48}, status=201)
    assert list(new) == ["id", "created_at", "expires_at", "object", "secret"]
    assert new["secret"] != made["initial_secret"]
    old, shown = customer.told("GET", path)["secrets"]
    assert (old["id"], old["expires_at"] > old["created_at"]) == (made["secrets"][0]["id"], True)
    assert shown == {"id": new["id"], "created_at": new["created_at"], "expires_at": None}
    for _ in range(3):
        customer.told("POST", f"{path}/secrets", status=201)
    check(customer.ask("POST", f"{path}/secrets"), 409, "conflict", "webhook_secret_limit")
    last = customer.told("POST", f"{path}/secrets", {"expires_in_hours": 0}, status=201)
    assert [each["id"] for each in customer.told("GET", path)["secrets"]] == [last["id"]]


@pytest.mark.parametrize("hours", [-1, 721, "24", 1.5, True, [1]])
def test_a_wrong_overlap(customer: Customer, hours: Any) -> None:
    path = f"{SUBSCRIPTIONS}/{customer.subscribe(_URL)['id']}/secrets"
    check(
        customer.ask("POST", path, {"expires_in_hours": hours}),
        400,
        "invalid_request_error",
        "invalid_field_value",
        "expires_in_hours",
    )


def test_what_is_deleted_is_gone_with_its_webhooks(customer: Customer) -> None:
    made = customer.subscribe(_URL)
    (webhook,) = customer.write(made["id"], 1)
    deleted = customer.told("DELETE", f"{SUBSCRIPTIONS}/{made['id']}")
    assert deleted == {"id": made["id"], "object": "webhook_subscription", "deleted": True}
    for method, path in (
        ("GET", f"{SUBSCRIPTIONS}/{made['id']}"),
        ("DELETE", f"{SUBSCRIPTIONS}/{made['id']}"),
        ("GET", f"{DELIVERIES}/{webhook}"),
        ("POST", f"{DELIVERIES}/{webhook}/replay"),
    ):
        check(customer.ask(method, path), 404, "not_found", "resource_not_found")
    check(
        customer.ask("POST", f"{DELIVERIES}/bulk_replay", {"subscription_id": made["id"]}), 404, "not_found", "resource_not_found"
    )
    assert customer.listed(SUBSCRIPTIONS) == customer.listed(DELIVERIES) == []


def test_subscriptions_are_listed_newest_first_page_by_page(customer: Customer, neighbour: Customer) -> None:
    newest_first = [*reversed([customer.subscribe(_URL)["id"] for _ in range(3)])]
    for limit in (1, 2, 3, 100):
        assert [each["id"] for each in customer.listed(SUBSCRIPTIONS, limit=limit)] == newest_first
    cursor = customer.ask("GET", SUBSCRIPTIONS, limit=1).json()["next_cursor"]
    check(neighbour.ask("GET", SUBSCRIPTIONS, cursor=cursor), 400, "invalid_request_error", "invalid_cursor", "cursor")
    check(customer.ask("GET", DELIVERIES, cursor=cursor), 400, "invalid_request_error", "invalid_cursor", "cursor")
    check(customer.ask("GET", SUBSCRIPTIONS, limit=101), 400, "invalid_request_error", "invalid_limit", "limit")


def test_secrets_that_cannot_be_read_hide_nothing_else_and_give_way_to_a_new_one(customer: Customer) -> None:
    well, broken = (customer.subscribe(_URL)["id"] for _ in range(2))
    customer.lose_secrets(broken)
    assert [(each["id"], len(each["secrets"])) for each in customer.listed(SUBSCRIPTIONS)] == [(broken, 0), (well, 1)]
    path = f"{SUBSCRIPTIONS}/{broken}"
    assert customer.told("PATCH", path, {"description": "lost"})["secrets"] == []
    made = customer.told("POST", f"{path}/secrets", status=201)
    assert [each["id"] for each in customer.told("GET", path)["secrets"]] == [made["id"]]


def test_an_account_has_so_many(customer: Customer) -> None:
    made = [customer.subscribe(_URL)["id"] for _ in range(webhooks.MOST)]
    answer = customer.ask("POST", SUBSCRIPTIONS, {"url": _URL, "events": EVENTS})
    check(answer, 409, "conflict", "webhook_subscription_limit")
    customer.told("DELETE", f"{SUBSCRIPTIONS}/{made[0]}")
    customer.subscribe(_URL)


def test_what_is_anothers_is_not_there(customer: Customer, neighbour: Customer) -> None:
    path = f"{SUBSCRIPTIONS}/{customer.subscribe(_URL)['id']}"
    for method, where, body in (("GET", path, None), ("PATCH", path, {}), ("DELETE", path, None), ("POST", f"{path}/secrets", {})):
        check(neighbour.ask(method, where, body), 404, "not_found", "resource_not_found")
    assert customer.told("GET", path)["status"] == "active"


@pytest.mark.steady
def test_requests_are_counted(make_customer: MakeCustomer) -> None:
    limited = make_customer(write_per_minute=1)
    first = limited.ask("POST", SUBSCRIPTIONS, {"url": _URL, "events": EVENTS})
    assert (first.status_code, first.headers["X-RateLimit-Remaining"]) == (201, "0")
    check(limited.ask("POST", SUBSCRIPTIONS, {}), 429, "rate_limit_error", "rate_limit_exceeded")
    assert limited.ask("GET", SUBSCRIPTIONS).status_code == 200
