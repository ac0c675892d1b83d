"""``antar account``."""

from collections.abc import Mapping
from typing import Any

import pytest
from redis.client import PubSub

from shared import ids
from tests.integration.cli.antar import Antar, process


def test_an_account_is_created_and_listed(antar: Antar) -> None:
    name = f"shop {ids.new()}"
    made = antar.json("account", "create", f"  {name} ")
    assert (made["name"], made["status"]) == (name, "active")
    assert ids.decode(ids.ACCOUNT, made["id"])
    assert made in antar.json("account", "list")


def test_people_get_lines_and_a_table(antar: Antar) -> None:
    name = f"shop {ids.new()}"
    lines = dict(line.split(maxsplit=1) for line in antar.lines("account", "create", name).splitlines())
    assert (lines["name"], lines["status"]) == (name, "active")
    (row,) = (line for line in antar.lines("account", "list").splitlines() if name in line)
    assert lines["id"] in row


def test_a_name_is_shown_as_it_is(antar: Antar) -> None:
    name = f"[red]{ids.new()}[/red] \N{GRINNING FACE} :smile:"
    antar.lines("account", "create", name)
    assert name in antar.lines("account", "list")
    assert name in {each["name"] for each in antar.json("account", "list")}


def test_a_name_steers_no_terminal(antar: Antar) -> None:
    name = f"shop {ids.new()}"
    antar.lines("account", "create", f"{name}\x1b[31m")
    assert f"{name} [31m" in antar.lines("account", "list")


def test_a_name_is_taken_once(antar: Antar, account: str) -> None:
    assert antar.refused("account", "create", account) == f"Error: there is an account named {account!r} already\n"


def test_a_name_says_something(antar: Antar) -> None:
    assert antar.refused("account", "create", " ") == "Error: name: must not be empty\n"


def test_a_name_is_text(antar: Antar) -> None:
    assert antar.refused("account", "create", "shop \udcff") == "Error: the arguments must be valid text\n"


_OWN = ("--write-per-minute", "7", "--read-per-minute", "70", "--kanal-per-minute", "700")
_LIMITS = {"write_per_minute": 7, "read_per_minute": 70, "kanal_per_minute": 700}


def _changed(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("subscribed", *_LIMITS)}


def test_an_account_has_limits_of_its_own(antar: Antar, account: str) -> None:
    assert _changed(antar.json("account", "set", account, *_OWN)) == {"subscribed": True, **_LIMITS}
    changed = antar.json("account", "set", account, "--unsubscribed", "--read-per-minute", "none")
    assert _changed(changed) == {"subscribed": False, **_LIMITS, "read_per_minute": None}
    assert changed in antar.json("account", "list")
    again = antar.json("account", "set", account, "--subscribed", "--read-per-minute", "1000000")
    assert _changed(again) == {"subscribed": True, **_LIMITS, "read_per_minute": 1_000_000}


def test_a_change_is_announced_once_it_is_committed(antar: Antar, account: str, news: PubSub) -> None:
    antar.json("account", "set", account, "--unsubscribed")
    assert news.get_message(timeout=5)


def test_an_account_is_changed_even_where_it_cannot_be_announced(antar: Antar, servers: Mapping[str, str], account: str) -> None:
    done = process({**servers, "ANTAR_SIGNAL_URL": "redis://:pw@127.0.0.1:1/0"}, "account", "set", account, "--unsubscribed")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: the account is changed, but the api processes could not be told over Redis: "
        "they may go by what it was for 60 s more; running this again tells them\n"
    )
    assert {each["name"]: each["subscribed"] for each in antar.json("account", "list")}[account] is False


@pytest.mark.parametrize("number", ["0", "-1", "1000001"])
@pytest.mark.parametrize("name", _LIMITS)
def test_a_limit_is_a_number_of_requests(antar: Antar, account: str, name: str, number: str) -> None:
    option = f"--{name.replace('_', '-')}"
    assert antar.refused("account", "set", account, option, number) == f"Error: {name}: must be from 1 to 1000000\n"


def test_a_change_changes_something_of_somebody(antar: Antar, account: str) -> None:
    assert "name what to change" in antar.refused("account", "set", account)
    assert antar.refused("account", "set", "nobody", "--subscribed") == "Error: there is no account 'nobody'\n"
