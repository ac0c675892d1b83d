"""``antar key``: limits, suspensions, and asking the provider."""

import json
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from redis.client import PubSub
from sqlalchemy import Engine, func, select, update

from deploy.local.sandbox import accounts as sandbox_accounts
from deploy.local.stack import Stack
from shared import ids, vault
from shared.db.tables import channel_keys
from tests.acceptance.backend import await_true
from tests.integration.cli.antar import Antar
from tests.integration.cli.credentials import OF_CHANNEL, SECRET
from tests.integration.cli.test_keys import add_key, stored

_TELEGRAM = OF_CHANNEL["telegram"]
_SOON = timedelta(minutes=30)


def _suspend_by_refusal(database: Engine, key_id: str, asked_in: timedelta = 2 * _SOON) -> None:
    """Do what a refusal of the provider does."""
    reason = {"status_code": "credentials_rejected", "status_reason": "Unauthorized"}
    times = {"status_at": func.now(), "probe_at": func.now() + asked_in}
    with database.begin() as connection:
        condition = channel_keys.c.id == ids.decode(ids.KEY, key_id)
        connection.execute(update(channel_keys).where(condition).values(status="suspended", **reason, **times))


def test_a_person_ends_the_asking(antar: Antar, database: Engine, account: str) -> None:
    for command, status in (("resume", "active"), ("suspend", "suspended"), ("revoke", "revoked")):
        key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
        _suspend_by_refusal(database, key_id)
        changed = antar.json("key", command, key_id)
        assert (changed["status"], changed["status_code"], changed["status_reason"]) == (status, None, None)
        assert stored(database, key_id)["probe_at"] is None


def test_people_see_why_a_key_does_not_send(antar: Antar, database: Engine, account: str) -> None:
    _suspend_by_refusal(database, add_key(antar, account, "telegram", _TELEGRAM)["id"])
    lines = antar.lines("key", "list", account)
    assert all(word in lines for word in ("suspended", "credentials_rejected", "Unauthorized", "since"))


_LIMITS = ("--rate", "2.5", "--quota", "100", "--quota-period", "day", "--on-unknown", "hold")
_LIMITED = {"rate_per_second": 2.5, "quota_limit": 100, "quota_used": 0, "quota_period": "day", "on_unknown": "hold"}


def _limits(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in _LIMITED}


def test_limits_are_given_with_a_key_or_later(antar: Antar, account: str) -> None:
    arguments = ("key", "add", account, "telegram", "--name", "Desk", "--credentials", "-", *_LIMITS)
    made = antar.json(*arguments, stdin=json.dumps(_TELEGRAM))
    assert _limits(made) == _LIMITED
    assert "0/100 a day" in antar.lines("key", "list", account)
    other = add_key(antar, account, "telegram", _TELEGRAM)
    assert _limits(other) == dict.fromkeys(_LIMITED) | {"quota_used": 0, "on_unknown": "next_tier"}
    assert _limits(antar.json("key", "set", other["id"], *_LIMITS)) == _LIMITED


def test_a_late_fallback_is_switched_and_left_to_the_channel_again(antar: Antar, account: str) -> None:
    def switched(key_id: str, *arguments: str) -> Any:
        return antar.json("key", "set", key_id, *arguments)["late_fallback"]

    waba = add_key(antar, account, "waba", OF_CHANNEL["waba"])
    assert waba["late_fallback"] is True
    assert switched(waba["id"], "--late-fallback", "off", "--window", "enforce") is False
    assert switched(waba["id"], "--late-fallback", "default") is True
    assert antar.json("key", "set", waba["id"], "--rate", "3")["window"] == "enforce"
    telegram = add_key(antar, account, "telegram", _TELEGRAM)
    assert telegram["late_fallback"] is False
    assert switched(telegram["id"], "--late-fallback", "on") is True


def test_what_is_not_named_stays_and_none_takes_a_limit_away(antar: Antar, account: str) -> None:
    key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
    antar.json("key", "set", key_id, *_LIMITS)
    assert _limits(antar.json("key", "set", key_id, "--rate", "3")) == {**_LIMITED, "rate_per_second": 3.0}
    changed = antar.json("key", "set", key_id, "--rate", "none", "--quota", "none", "--quota-period", "none")
    assert _limits(changed) == dict.fromkeys(_LIMITED) | {"quota_used": 0, "on_unknown": "hold"}


@pytest.mark.parametrize("written", ["+62 851-1760-008029", "628511760008029"])
def test_a_keys_number_is_kept_in_digits(antar: Antar, account: str, written: str) -> None:
    key_id = add_key(antar, account, "waba", OF_CHANNEL["waba"])["id"]
    assert antar.json("key", "set", key_id, "--sender", written)["sender"] == "628511760008029"
    assert "628511760008029" in antar.lines("key", "list", account)
    assert antar.json("key", "set", key_id, "--rate", "3")["sender"] == "628511760008029"
    assert antar.json("key", "set", key_id, "--sender", "none")["sender"] is None


def test_who_judges_the_window_of_a_number(antar: Antar, database: Engine, account: str) -> None:
    key_id = add_key(antar, account, "waba", OF_CHANNEL["waba"])["id"]
    with database.begin() as connection:
        other = update(channel_keys).where(channel_keys.c.id == ids.decode(ids.KEY, key_id)).values(settings={"other": 1})
        connection.execute(other)
    assert antar.json("key", "set", key_id, "--window", "enforce")["window"] == "enforce"
    assert stored(database, key_id)["settings"] == {"other": 1, "window": "enforce"}
    assert antar.json("key", "set", key_id, "--rate", "3")["window"] == "enforce"
    assert antar.json("key", "set", key_id, "--window", "none")["window"] == "trust_provider"
    assert stored(database, key_id)["settings"] == {"other": 1}
    arguments = ("key", "add", account, "waba", "--name", "Desk", "--credentials", "-", "--window", "enforce")
    assert antar.json(*arguments, stdin=json.dumps(OF_CHANNEL["waba"]))["window"] == "enforce"


def test_a_keys_number_is_a_number(antar: Antar, account: str) -> None:
    key_id = add_key(antar, account, "waba", OF_CHANNEL["waba"])["id"]
    refusal = antar.refused("key", "set", key_id, "--sender", "the shop")
    assert refusal == "Error: sender: must be a phone number with its country code\n"


def test_another_period_begins_anew(antar: Antar, database: Engine, account: str) -> None:
    key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
    antar.json("key", "set", key_id, *_LIMITS)
    with database.begin() as connection:
        condition = channel_keys.c.id == ids.decode(ids.KEY, key_id)
        connection.execute(update(channel_keys).where(condition).values(quota_resets_at=func.now(), quota_used=7))
    assert antar.json("key", "set", key_id, "--quota", "200")["quota_resets_at"] is not None
    assert antar.json("key", "set", key_id, "--quota-period", "month")["quota_resets_at"] is None


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--rate", "0", "Error: rate: must be from 0.0001"),
        ("--rate", "1e-300", "Error: rate: must be from 0.0001"),
        ("--rate", "nan", "Error: rate: must be from 0.0001"),
        ("--rate", "inf", "Error: rate: must be from 0.0001"),
        ("--rate", "fast", "'fast' is not a valid float"),
        ("--quota", "-1", "Error: quota: must be from 0"),
        ("--quota", "9" * 30, "Error: quota: must be from 0"),
        ("--quota", "1.5", "'1.5' is not a valid int"),
        ("--quota-period", "week", "'week' is not one of 'day', 'month'"),
        ("--on-unknown", "none", "'none' is not one of 'next_tier', 'retry', 'hold'"),
    ],
)
def test_a_limit_that_is_none_is_refused(antar: Antar, account: str, option: str, value: str, said: str) -> None:
    made = add_key(antar, account, "telegram", _TELEGRAM)
    made.pop("token")
    assert said in antar.refused("key", "set", made["id"], f"{option}={value}")
    arguments = ("key", "add", account, "telegram", "--name", "Desk", "--credentials", "-", f"{option}={value}")
    assert said in antar.refused(*arguments, stdin=json.dumps(_TELEGRAM))
    assert antar.json("key", "list", account) == [made]


class _Typed(BytesIO):
    """Credentials that somebody types while workers take units of the key's quota."""

    def __init__(self, database: Engine, key_id: str) -> None:
        super().__init__(json.dumps(_TELEGRAM).encode())
        self._database = database
        self._key = select(channel_keys.c.id).where(channel_keys.c.id == ids.decode(ids.KEY, key_id))

    def read(self, size: int | None = -1, /) -> bytes:
        with self._database.begin() as connection:
            connection.execute(self._key.with_for_update(nowait=True)).one()
        return super().read(size)


def test_nobody_waits_for_credentials_that_are_typed(antar: Antar, database: Engine, account: str) -> None:
    key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
    arguments = ["key", "set", key_id, "--rate", "3", "--credentials", "-", "--json"]
    result = antar.run(*arguments, stdin=_Typed(database, key_id))
    assert (result.exit_code, json.loads(result.stdout)["rate_per_second"]) == (0, 3.0)


def test_a_change_needs_a_key_and_something_to_change(antar: Antar, account: str) -> None:
    assert "name what to change" in antar.refused("key", "set", add_key(antar, account, "telegram", _TELEGRAM)["id"])
    assert antar.refused("key", "set", ids.encode(ids.KEY, ids.new()), "--rate", "1") == "Error: there is no such channel key\n"


def test_credentials_are_renewed_and_asked_at_once(antar: Antar, database: Engine, account: str) -> None:
    key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
    for by_refusal in (True, False):
        if by_refusal:
            _suspend_by_refusal(database, key_id)
        else:
            antar.json("key", "suspend", key_id)
        before = stored(database, key_id)
        renewed = {**_TELEGRAM, "bot_token": f"7000000002:{SECRET}"}
        changed = antar.json("key", "set", key_id, "--credentials", "-", stdin=json.dumps(renewed))
        after = stored(database, key_id)
        assert vault.get().decrypt(after["id"], bytes(after["credentials"])) == renewed
        assert (changed["status"], after["status_at"] > before["status_at"]) == ("suspended", True)
        assert after["probe_at"] < before["probe_at"] - _SOON if by_refusal else after["probe_at"] is None


def test_wrong_credentials_change_nothing(antar: Antar, database: Engine, account: str) -> None:
    key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
    before = stored(database, key_id)
    said = antar.refused("key", "set", key_id, "--rate", "2", "--credentials", "-", stdin=json.dumps({"bot_token": f"{SECRET}/"}))
    assert said.startswith("Error: credentials.bot_token: ")
    assert SECRET not in said
    assert stored(database, key_id) == before


def test_a_revoked_key_takes_no_credentials(antar: Antar, account: str) -> None:
    key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
    antar.json("key", "revoke", key_id)
    said = antar.refused("key", "set", key_id, "--credentials", "-", stdin=json.dumps(_TELEGRAM))
    assert said == "Error: a revoked key stays revoked\n"


def _good(stack: Stack) -> dict[str, Any]:
    return sandbox_accounts.telegram(stack.sandbox_url, number=900)


def test_a_key_is_asked_now(antar: Antar, database: Engine, account: str, stack: Stack) -> None:
    key_id = add_key(antar, account, "telegram", _good(stack))["id"]
    asked = antar.json("key", "probe", key_id)
    assert (asked["can_send"], asked["code"], asked["status"]) == (True, None, "active")
    _suspend_by_refusal(database, key_id)
    assert antar.lines("key", "probe", key_id).startswith("can send")
    assert stored(database, key_id)["status"] == "active"


def test_a_key_that_cannot_send_says_why(antar: Antar, database: Engine, account: str, stack: Stack) -> None:
    key_id = add_key(antar, account, "telegram", {**_good(stack), "bot_token": f"7:{SECRET}"})["id"]
    asked = antar.json("key", "probe", key_id)
    assert (asked["can_send"], asked["code"], asked["reason"]) == (False, "credentials_rejected", "Unauthorized")
    assert asked["status"] == "active"
    _suspend_by_refusal(database, key_id)
    assert antar.json("key", "probe", key_id)["status"] == "suspended"
    assert stored(database, key_id)["probe_at"] < stored(database, key_id)["status_at"] + _SOON


def test_a_provider_out_of_reach_leaves_it_open(antar: Antar, account: str) -> None:
    key_id = add_key(antar, account, "telegram", {**_TELEGRAM, "base_url": "http://127.0.0.1:1"})["id"]
    asked = antar.json("key", "probe", key_id)
    assert (asked["can_send"], asked["code"], asked["status"]) == (None, "connection_failed", "active")


def test_a_key_that_a_person_suspended_is_asked_and_stays(antar: Antar, account: str, stack: Stack) -> None:
    key_id = add_key(antar, account, "telegram", _good(stack))["id"]
    antar.json("key", "suspend", key_id, "--reason", "moved house")
    asked = antar.json("key", "probe", key_id)
    assert (asked["can_send"], asked["status"], asked["status_reason"]) == (True, "suspended", "moved house")


def test_the_running_stack_resumes_a_key_by_itself(antar: Antar, database: Engine, account: str, stack: Stack) -> None:
    key_id = add_key(antar, account, "telegram", _good(stack))["id"]
    _suspend_by_refusal(database, key_id, -_SOON)
    await_true(lambda: stored(database, key_id)["status"] == "active")


def test_another_token_is_shown_once_and_announced(antar: Antar, account: str, news: PubSub) -> None:
    made = add_key(antar, account, "telegram", OF_CHANNEL["telegram"])
    rotated = antar.json("key", "rotate-token", made["id"])
    assert rotated["token"] != made["token"]
    assert rotated["token_prefix"] == rotated["token"][:6]
    assert news.get_message(timeout=5)
    antar.json("key", "revoke", made["id"])
    assert antar.refused("key", "rotate-token", made["id"]) == "Error: a revoked key stays revoked\n"
