"""Suppressions over the api: many at once, stopped before the send, and removed by whoever is told of it in the log."""

import json
import time

import pytest

from deploy.local.stack import Stack
from tests.acceptance.backend import JsonObject, await_true, deliveries, new_phone, text
from tests.acceptance.management.manager import Manager
from tests.acceptance.management.test_keys import make

SUPPRESSIONS = "/v1/suppressions"


def suppress(manager: Manager, *addresses: str, **more: object) -> list[JsonObject]:
    added: list[JsonObject] = manager.told("POST", SUPPRESSIONS, {"channel": "whatsapp", "addresses": list(addresses), **more})
    return added


def test_a_suppressed_address_is_stopped_before_the_send(manager: Manager, stack: Stack) -> None:
    backend = manager.backend(telegram=make(manager, stack)["token"])
    body = backend.send({"telegram": 0}, {"telegram": text()})
    to = body["target"]["telegram"]
    (added,) = suppress(manager, to, channel="telegram")
    for code, received in (("recipient_suppressed", 0), (None, 1)):
        ended = deliveries(backend.ended(backend.post(body, Prefer="respond-async").json()["id"]))["telegram"]
        assert (ended["code"], len(backend.received("telegram", to))) == (code, received)
        if code:
            assert manager.told("DELETE", f"{SUPPRESSIONS}/{added['id']}")["deleted"] is True


def test_a_thousand_addresses_are_added_at_once_each_in_one_form(manager: Manager) -> None:
    phones = [new_phone() for _ in range(999)]
    added = suppress(manager, *phones, f"+{phones[0]}")
    assert [each["address"] for each in added] == phones
    assert {(each["reason"], each["expires_at"]) for each in added} == {("manual", None)}
    assert sum(len(page) for page in manager.pages(f"{SUPPRESSIONS}?limit=100")) == 999
    too_many = {"channel": "whatsapp", "addresses": [*phones, *phones]}
    assert manager.refused("POST", SUPPRESSIONS, too_many) == (400, "invalid_field_value", "addresses")


def test_one_wrong_address_is_named_and_nothing_added(manager: Manager) -> None:
    body = {"channel": "whatsapp", "addresses": [new_phone(), "12", "13"]}
    assert manager.refused("POST", SUPPRESSIONS, body) == (400, "invalid_field_value", "addresses.1")
    assert manager.told("GET", SUPPRESSIONS) == []


def test_what_is_suppressed_for_longer_stays_as_it_is(manager: Manager) -> None:
    phone, now = new_phone(), int(time.time())
    (soon,) = suppress(manager, phone, expires_at=now + 3600, reason="soft_bounce")
    assert suppress(manager, phone, expires_at=now + 60) == [soon]
    (later,) = suppress(manager, phone, expires_at=now + 7200)
    assert (later["id"], later["reason"]) == (soon["id"], "manual")
    assert later["expires_at"] > soon["expires_at"]
    (for_good,) = suppress(manager, phone, reason="complaint")
    assert (for_good["reason"], for_good["expires_at"]) == ("complaint", None)
    assert suppress(manager, phone, expires_at=now + 7200) == [for_good]


def test_what_has_expired_is_not_listed(manager: Manager) -> None:
    (added,) = suppress(manager, new_phone(), expires_at=int(time.time()) + 2)
    await_true(lambda: manager.told("GET", SUPPRESSIONS) == [])
    (again,) = suppress(manager, added["address"])
    assert manager.told("GET", SUPPRESSIONS) == [again]


def test_suppressions_are_found_by_what_is_known_of_them(manager: Manager) -> None:
    (phone,) = suppress(manager, new_phone())
    (mail,) = suppress(manager, "Sam@customer.example", channel="email", reason="hard_bounce")
    searches = {
        "": [mail, phone],
        "channel=email": [mail],
        "reason=manual": [phone],
        "search=sam%40CUST": [mail],
        f"search=%2B{phone['address'][:8]}": [phone],
        "search=customer&reason=manual": [],
    }
    assert {query: manager.told("GET", f"{SUPPRESSIONS}?{query}") for query in searches} == searches


def test_who_removes_one_stands_in_the_log_without_the_address(manager: Manager, stack: Stack) -> None:
    (added,) = suppress(manager, new_phone(), reason="hard_bounce")
    (token,) = manager.told("GET", "/v1/tokens")
    manager.told("DELETE", f"{SUPPRESSIONS}/{added['id']}")
    assert manager.refused("DELETE", f"{SUPPRESSIONS}/{added['id']}") == (404, "resource_not_found", None)
    await_true(lambda: any("suppression.removed" in line for line in _logged(stack, added["id"])))
    lines = _logged(stack, added["id"])
    (noted,) = [json.loads(line) for line in lines if "suppression.removed" in line]
    assert (noted["reason"], noted["token"]) == ("hard_bounce", token["id"])
    assert all(added["address"] not in line for line in lines)


def _logged(stack: Stack, identifier: str) -> list[str]:
    """Give what was logged of something. What only informs is written a moment later."""
    return [line for path in stack.home.logs.glob("*.log") for line in path.read_text().splitlines() if identifier in line]


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"addresses": []}, "invalid_field_value", "addresses"),
        ({"addresses": "6281"}, "invalid_field_value", "addresses"),
        ({"addresses": [1]}, "invalid_field_value", "addresses.0"),
        ({"channel": None}, "invalid_field_value", "channel"),
        ({"reason": "boredom"}, "invalid_field_value", "reason"),
        ({"expires_at": "soon"}, "invalid_field_value", "expires_at"),
        ({"expires_at": "2020-01-01"}, "invalid_field_value", "expires_at"),
        ({"until": "2090-01-01"}, "invalid_field_value", "until"),
    ],
)
def test_a_wrong_suppression_is_refused_by_its_field(manager: Manager, more: JsonObject, code: str, param: str) -> None:
    body = {"channel": "whatsapp", "addresses": ["6281300000001"], **more}
    assert manager.refused("POST", SUPPRESSIONS, body) == (400, code, param)
