"""Channel keys over the api: made, shown without their secrets, changed, suspended, revoked, and given another token."""

from typing import Any

import pytest

from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack
from tests.acceptance.backend import JsonObject, deliveries, text
from tests.acceptance.management.manager import Manager

KEYS = "/v1/channels/telegram/keys"
_SECRET = "sandbox-never-to-be-seen"
_LIMITS = {"rate_per_second": 50, "quota_limit": 100, "quota_period": "day", "on_unknown": "hold"}


def new_key(stack: Stack, **more: Any) -> JsonObject:
    credentials = {**sandbox.telegram(stack.sandbox_url, 7), "bot_token": f"7:{_SECRET}"}
    return {"name": "Shop bot", "credentials": credentials, **more}


def make(manager: Manager, stack: Stack, **more: Any) -> JsonObject:
    made: JsonObject = manager.told("POST", KEYS, new_key(stack, **more))
    return made


def send(manager: Manager, token: str) -> JsonObject:
    """Send over a key and give its delivery as it ended."""
    backend = manager.backend(telegram=token)
    answer = backend.post(backend.send({"telegram": 0}, {"telegram": text()}), Prefer="respond-async")
    assert answer.status_code == 202, answer.text
    return deliveries(backend.ended(answer.json()["id"]))["telegram"]


def test_a_key_that_is_made_sends(manager: Manager, stack: Stack) -> None:
    made = make(manager, stack, settings={"late_fallback": True}, **_LIMITS)
    token = made.pop("token")
    assert made["token_prefix"] == token[:6]
    assert {name: made[name] for name in _LIMITS} == _LIMITS
    assert made["settings"] == {"window": None, "late_fallback": True}
    assert (made["name"], made["channel"], made["status"], made["sender"]) == ("Shop bot", "telegram", "active", None)
    assert manager.told("GET", f"{KEYS}/{made['id']}") == made
    assert manager.told("GET", KEYS) == [made]
    assert send(manager, token)["state"] == "sent"
    assert manager.told("GET", f"{KEYS}/{made['id']}")["quota_used"] == 1


def test_credentials_are_named_and_never_shown_or_logged(manager: Manager, stack: Stack) -> None:
    made = make(manager, stack)
    assert made["credentials"] == sorted(sandbox.telegram("", 1))
    wrong = {"credentials": {"bot_token": f"no token {_SECRET}"}}
    asked = [
        manager.ask("GET", KEYS),
        manager.ask("GET", f"{KEYS}/{made['id']}"),
        manager.ask("PATCH", f"{KEYS}/{made['id']}", wrong),
    ]
    assert all(_SECRET not in answer.text and made["token"] not in answer.text for answer in asked)
    assert send(manager, made["token"])["state"] == "sent"
    written = [path for path in stack.home.logs.glob("*.log") if _SECRET in path.read_text() or made["token"] in path.read_text()]
    assert written == []


def test_a_key_is_changed_in_what_is_said(manager: Manager, stack: Stack) -> None:
    made = make(manager, stack, **_LIMITS)
    path = f"{KEYS}/{made['id']}"
    changed = manager.told("PATCH", path, {"name": " Other bot ", "rate_per_second": None, "on_unknown": None})
    assert (changed["name"], changed["rate_per_second"], changed["on_unknown"]) == ("Other bot", None, "hold")
    assert changed["quota_limit"] == 100
    assert manager.told("PATCH", path, {"settings": {"late_fallback": True}})["settings"]["late_fallback"] is True
    assert manager.told("PATCH", path, {"settings": {"late_fallback": None}})["settings"]["late_fallback"] is False
    assert manager.told("PATCH", path, {})["name"] == "Other bot"


def test_other_credentials_take_the_place_of_all_the_old(manager: Manager, stack: Stack) -> None:
    made = make(manager, stack)
    path = f"{KEYS}/{made['id']}"
    credentials = {"bot_token": "8:rejected", "base_url": f"{stack.sandbox_url}/telegram"}
    assert manager.told("PATCH", path, {"credentials": credentials})["credentials"] == ["base_url", "bot_token"]
    assert send(manager, made["token"])["code"] == "credentials_rejected"
    suspended = manager.told("GET", path)
    assert (suspended["status"], suspended["status_code"]) == ("suspended", "credentials_rejected")
    assert suspended["status_reason"]


def test_a_suspended_key_falls_through_and_a_resumed_one_sends(manager: Manager, stack: Stack) -> None:
    telegram, whatsapp = make(manager, stack), {"name": "Phone", "credentials": sandbox.waha(stack.sandbox_url, 7)}
    other = manager.told("POST", "/v1/channels/whatsapp/keys", whatsapp)
    path = f"{KEYS}/{telegram['id']}"
    assert manager.told("POST", f"{path}/suspend", {"reason": "under review"})["status_reason"] == "under review"
    backend = manager.backend(telegram=telegram["token"], whatsapp=other["token"])
    body = backend.send({"telegram": 0, "whatsapp": 1}, {"telegram": text(), "whatsapp": text()})
    ended = deliveries(backend.ended(backend.post(body, Prefer="respond-async").json()["id"]))
    assert {channel: each["state"] for channel, each in ended.items()} == {"telegram": "failed", "whatsapp": "sent"}
    assert (ended["telegram"]["code"], ended["telegram"]["reason"]) == ("key_suspended", "under review")
    assert [each["id"] for each in manager.told("GET", f"{KEYS}?status=suspended")] == [telegram["id"]]
    assert manager.told("POST", f"{path}/resume")["status"] == "active"
    assert send(manager, telegram["token"])["state"] == "sent"


def test_a_revoked_key_stays_revoked(manager: Manager, stack: Stack) -> None:
    made = make(manager, stack)
    path = f"{KEYS}/{made['id']}"
    revoked = manager.told("POST", f"{path}/revoke")
    assert revoked["status"] == "revoked"
    assert send(manager, made["token"])["code"] == "key_revoked"
    for step in ("resume", "suspend", "rotate_token"):
        assert manager.refused("POST", f"{path}/{step}") == (409, "key_revoked", None)
    assert manager.refused("PATCH", path, {"credentials": new_key(stack)["credentials"]}) == (409, "key_revoked", None)
    assert manager.told("GET", path) == revoked


def test_another_token_ends_the_old_one_at_once(manager: Manager, stack: Stack) -> None:
    made = make(manager, stack)
    assert send(manager, made["token"])["state"] == "sent"
    rotated = manager.told("POST", f"{KEYS}/{made['id']}/rotate_token")
    assert rotated["token_prefix"] == rotated["token"][:6] != made["token_prefix"]
    backend = manager.backend(telegram=made["token"])
    assert backend.post(backend.send({"telegram": 0}, {"telegram": text()})).status_code == 403
    assert send(manager, rotated["token"])["state"] == "sent"


def test_a_key_is_changed_only_as_it_was_seen(manager: Manager, stack: Stack) -> None:
    path = f"{KEYS}/{make(manager, stack)['id']}"
    first = manager.ask("GET", path).headers["ETag"]
    assert manager.ask("GET", path, If_None_Match=first).status_code == 304
    changed = manager.ask("PATCH", path, {"rate_per_second": 5}, If_Match=first)
    assert changed.status_code == 200
    for method, target, body in (("PATCH", path, {"rate_per_second": 6}), ("POST", f"{path}/revoke", None)):
        assert manager.refused(method, target, body, If_Match=first) == (412, "precondition_failed", "If-Match")
    assert manager.ask("GET", path, If_None_Match=first).headers["ETag"] == changed.headers["ETag"]
    assert manager.told("GET", path)["rate_per_second"] == 5
    assert manager.told("POST", f"{path}/revoke", If_Match="*")["status"] == "revoked"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"name": None}, "invalid_field_value", "name"),
        ({"name": " "}, "invalid_field_value", "name"),
        ({"credentials": {}}, "invalid_field_value", "credentials.bot_token"),
        ({"credentials": {"bot_token": "1:a", "webhook": "x"}}, "invalid_field_value", "credentials.webhook"),
        ({"credentials": {"bot_token": "1:a", "public_only": False}}, "invalid_field_value", "credentials.public_only"),
        ({"credentials": []}, "invalid_field_value", "credentials"),
        ({"rate_per_second": 0}, "invalid_field_value", "rate_per_second"),
        ({"quota_limit": -1}, "invalid_field_value", "quota_limit"),
        ({"quota_period": "week"}, "invalid_field_value", "quota_period"),
        ({"on_unknown": "guess"}, "invalid_field_value", "on_unknown"),
        ({"sender": "12"}, "invalid_field_value", "sender"),
        ({"settings": {"window": "mine"}}, "invalid_field_value", "settings.window"),
        ({"rate": 5}, "invalid_field_value", "rate"),
    ],
)
def test_a_wrong_key_is_refused_by_its_field(manager: Manager, stack: Stack, changes: JsonObject, code: str, param: str) -> None:
    assert manager.refused("POST", KEYS, {**new_key(stack), **changes}) == (400, code, param)
    assert manager.told("GET", KEYS) == []


@pytest.mark.parametrize(
    ("channel", "credentials", "field"),
    [
        ("telegram", {"bot_token": "1:a", "base_url": "http://10.0.0.1"}, "base_url"),
        ("telegram", {"bot_token": "1:a", "base_url": "http://[fd00::1]:8080/bot"}, "base_url"),
        ("waba", {"phone_number_id": "1", "access_token": "a", "base_url": "http://169.254.169.254/latest"}, "base_url"),
        ("whatsapp", {"gateway": "waha", "base_url": "http://2130706433:3000", "api_key": "a"}, "base_url"),
        ("email", {"host": "192.168.1.1", "port": 25, "security": "none", "from_address": "a@shop.example"}, "host"),
    ],
)
def test_a_provider_inside_is_refused(manager: Manager, stack: Stack, channel: str, credentials: JsonObject, field: str) -> None:
    path = f"/v1/channels/{channel}/keys"
    expected = (400, "invalid_field_value", f"credentials.{field}")
    assert manager.refused("POST", path, {"name": "inside", "credentials": credentials}) == expected
    if channel == "telegram":
        made = make(manager, stack)
        assert manager.refused("PATCH", f"{path}/{made['id']}", {"credentials": credentials}) == expected


def test_keys_come_page_by_page(manager: Manager, stack: Stack) -> None:
    made = [make(manager, stack, name=str(number))["id"] for number in range(5)]
    pages = list(manager.pages(f"{KEYS}?limit=2"))
    assert [[each["id"] for each in page] for page in pages] == [made[4:2:-1], made[2:0:-1], made[:1]]
    assert manager.told("GET", "/v1/channels/waba/keys") == []
    assert manager.refused("GET", f"{KEYS}?status=asleep") == (400, "invalid_field_value", "status")


def test_a_key_is_found_on_its_channel_alone(manager: Manager, stack: Stack) -> None:
    made = make(manager, stack)
    for channel in ("whatsapp", "carrier_pigeon"):
        assert manager.refused("GET", f"/v1/channels/{channel}/keys/{made['id']}") == (404, "resource_not_found", None)
