"""Tokens over the api: shown once, revoked at once, and those of a channel key that manage nothing."""

import time

import pytest

from deploy.local.stack import Stack
from tests.acceptance.backend import JsonObject
from tests.acceptance.management.manager import Manager
from tests.acceptance.management.test_keys import make

TOKENS = "/v1/tokens"
_MANAGING = ("/v1/tokens", "/v1/channels/telegram/keys", "/v1/contacts", "/v1/suppressions")


def test_a_token_is_shown_once_and_may_all(manager: Manager) -> None:
    made = manager.told("POST", TOKENS, {"label": "shop"})
    token = made.pop("token")
    assert (made["prefix"], made["last4"], made["label"]) == (token[:12], token[-4:], "shop")
    assert (made["bound_key"], made["expires_at"], made["revoked_at"], made["current"]) == (None, None, None, False)
    listed = manager.with_token(token).told("GET", TOKENS)
    assert [each["id"] for each in listed if each["current"]] == [made["id"]]
    assert {**listed[0], "current": False} == made
    assert token not in manager.ask("GET", TOKENS).text


def test_a_revoked_token_is_valid_nowhere_any_more(manager: Manager) -> None:
    made = manager.told("POST", TOKENS)
    other = manager.with_token(made["token"])
    assert other.ask("GET", TOKENS).status_code == 200
    revoked = manager.told("DELETE", f"{TOKENS}/{made['id']}")
    assert revoked["revoked_at"]
    assert other.refused("GET", TOKENS) == (401, "revoked_api_key", None)
    assert manager.told("DELETE", f"{TOKENS}/{made['id']}") == revoked


def test_a_token_may_revoke_itself(manager: Manager) -> None:
    (own,) = manager.told("GET", TOKENS)
    assert manager.told("DELETE", f"{TOKENS}/{own['id']}")["current"] is True
    assert manager.refused("GET", TOKENS) == (401, "revoked_api_key", None)


@pytest.mark.parametrize("said", ["expires_in", "expires_at"])
def test_a_token_lasts_as_long_as_it_was_said(manager: Manager, said: str) -> None:
    made = manager.told("POST", TOKENS, {said: 3600 + (int(time.time()) if said == "expires_at" else 0)})
    assert made["created_at"] < made["expires_at"]
    assert manager.with_token(made["token"]).ask("GET", TOKENS).status_code == 200


def test_a_token_of_a_key_manages_nothing(manager: Manager, stack: Stack) -> None:
    key = make(manager, stack)
    made = manager.told("POST", TOKENS, {"bound_key": key["id"]})
    assert made["bound_key"] == key["id"]
    bound = manager.with_token(made["token"])
    for path in _MANAGING:
        assert bound.refused("GET", path) == (403, "token_bound", None)
        assert bound.refused("POST", path, {}) == (403, "token_bound", None)
    assert bound.refused("POST", f"/v1/channels/telegram/keys/{key['id']}/rotate_token") == (403, "token_bound", None)
    assert bound.refused("DELETE", f"{TOKENS}/{made['id']}") == (403, "token_bound", None)
    assert bound.refused("DELETE", "/v1/files/fil_01M7XC8EPCEHFVZ3Z7T6A5DQ50") == (403, "token_bound", None)
    assert bound.ask("GET", "/v1/sends").status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": "90d"}, "expires_in"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "2020-01-01"}, "expires_at"),
        ({"expires_in": 60, "expires_at": "2090-01-01"}, "expires_in"),
        ({"label": ""}, "label"),
        ({"label": "\0"}, "label"),
        ({"bound_key": "key_1"}, "bound_key"),
        ({"name": "shop"}, "name"),
    ],
)
def test_a_wrong_token_is_refused_by_its_field(manager: Manager, body: JsonObject, param: str) -> None:
    assert manager.refused("POST", TOKENS, body) == (400, "invalid_field_value", param)


def test_a_token_is_not_bound_to_anothers_key(manager: Manager, stranger_to_it: Manager, stack: Stack) -> None:
    key = make(manager, stack)
    assert stranger_to_it.refused("POST", TOKENS, {"bound_key": key["id"]}) == (400, "invalid_field_value", "bound_key")


def test_tokens_come_page_by_page(manager: Manager) -> None:
    made = [manager.told("POST", TOKENS)["id"] for _ in range(3)]
    pages = list(manager.pages(f"{TOKENS}?limit=2"))
    assert [len(page) for page in pages] == [2, 2]
    assert [each["id"] for page in pages for each in page][:3] == made[::-1]
