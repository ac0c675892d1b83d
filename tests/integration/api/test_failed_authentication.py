"""Failed authentication is limited by address and by account, and nobody who is authentic is kept out by it."""

import json
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from shared import ids
from shared.domain.channels import Channel
from shared.management import accounts, keys, tokens
from tests.integration.api.caller import Caller
from tests.integration.api.conftest import FAILED_AUTH

_addresses = (f"198.51.100.{number}" for number in count(1))


@pytest.fixture
def address() -> str:
    """An address nobody else comes from."""
    return next(_addresses)


@pytest.fixture
def neighbour(caller: Caller, own_process: Engine) -> Caller:
    """Another account, of which the api has not heard yet."""
    with own_process.begin() as connection:
        account_id = accounts.create(connection, f"api {ids.new()}").id
        _, token = tokens.create(connection, account_id)
        _, key = keys.create(connection, account_id, Channel.WABA, "number", {})
    return Caller(http=caller.http, account_id=account_id, token=token, key=key)


def _get(caller: Caller, path: str, token: str, address: str) -> httpx.Response:
    return caller.http.get(path, headers={"Authorization": f"Bearer {token}", "X-Forwarded-For": address})


def _exhaust(caller: Caller, address: str) -> None:
    answers = [_get(caller, "/v1/sends", f"wrong{number}", address).status_code for number in range(FAILED_AUTH)]
    assert answers == [401] * FAILED_AUTH


_REFUSED: dict[tuple[str, str], Any] = {
    ("GET", "/v1/sends"): {"error": {"type": "rate_limit_error", "code": "rate_limit_exceeded"}},
    ("GET", "/v1/me"): {"error": {"type": "rate_limit_error", "code": "rate_limit_exceeded"}},
    ("GET", "/v1/contacts"): {"error": {"type": "rate_limit_error", "code": "rate_limit_exceeded"}},
    ("POST", "/api/v1/me"): {"error": "Too many requests. Please slow down."},
    ("POST", "/v1/send"): {"status": False, "reason": "too many failed authentications"},
    ("POST", "/v1/receipts/telegram/key_0"): {"error": {"type": "rate_limit_error", "code": "rate_limit_exceeded"}},
}


def test_beyond_the_limit_each_dialect_says_so_in_its_own_words(caller: Caller, address: str) -> None:
    _exhaust(caller, address)
    for (method, path), told in _REFUSED.items():
        headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": address}
        answer = caller.http.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
        assert (path, answer.status_code) == (path, 429)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert _holds(answer.json(), told), answer.text


def _holds(answer: Any, told: Any) -> bool:
    if isinstance(told, dict):
        return all(name in answer and _holds(answer[name], value) for name, value in told.items())
    return bool(answer == told)


def test_who_is_authentic_passes_from_the_same_address(caller: Caller, neighbour: Caller, address: str) -> None:
    """Known to the process already, or asked for the first time."""
    assert _get(caller, "/v1/sends", caller.token, address).status_code == 200
    _exhaust(caller, address)
    assert _get(caller, "/v1/sends", "wrong", address).status_code == 429
    assert [_get(each, "/v1/sends", each.token, address).status_code for each in (caller, neighbour)] == [200, 200]
    assert neighbour.post(X_Forwarded_For=address).status_code == 202


def test_another_address_is_told_what_is_wrong(caller: Caller, address: str) -> None:
    _exhaust(caller, address)
    assert _get(caller, "/v1/sends", "wrong", next(_addresses)).status_code == 401


def test_nobody_is_counted_for_having_no_token(caller: Caller, address: str) -> None:
    answers = {caller.http.get("/v1/sends", headers={"X-Forwarded-For": address}).status_code for _ in range(FAILED_AUTH + 2)}
    assert answers == {401}


def test_a_revoked_token_is_counted_for_its_account_from_wherever_it_comes(caller: Caller, own_process: Engine) -> None:
    with own_process.begin() as connection:
        _, revoked = tokens.create(connection, caller.account_id)
        tokens.revoke(connection, revoked)
    answers = [_get(caller, "/v1/sends", revoked, next(_addresses)).status_code for _ in range(FAILED_AUTH + 1)]
    assert answers == [401] * FAILED_AUTH + [429]
    assert _get(caller, "/v1/sends", caller.token, next(_addresses)).status_code == 200


def test_wrong_channel_tokens_are_counted_and_right_ones_pass(caller: Caller) -> None:
    def post(key: str) -> int:
        body = {**caller.body(), "keys": {"waba": {"token": key}}}
        return caller.http.post(
            "/v1/send", json=body, headers={**caller.authorization, "X-Forwarded-For": next(_addresses)}
        ).status_code

    assert [post(f"wrong{number}") for number in range(FAILED_AUTH + 1)] == [403] * FAILED_AUTH + [429]
    assert post(caller.key) == 202


def test_webhooks_that_prove_themselves_pass_and_others_are_counted(caller: Caller, own_process: Engine, address: str) -> None:
    with own_process.begin() as connection:
        key, _ = keys.create(
            connection, caller.account_id, Channel.TELEGRAM, "bot", {"bot_token": "1:a", "webhook_secret": "right"}
        )
    path = f"/v1/receipts/telegram/{ids.encode(ids.KEY, key.id)}"

    def post(secret: str) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "X-Forwarded-For": address}
        return caller.http.post(path, content=json.dumps({"update_id": 1}), headers=headers).status_code

    assert [post("wrong") for _ in range(FAILED_AUTH + 1)] == [401] * FAILED_AUTH + [429]
    assert post("right") == 200
