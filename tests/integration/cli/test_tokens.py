"""``antar token``."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.client import PubSub
from sqlalchemy import Engine, select

from shared import ids, signals, vault
from shared.db.tables import api_tokens
from tests.integration.cli.antar import Antar, process
from tests.integration.cli.credentials import OF_CHANNEL
from tests.integration.cli.test_keys import add_key


def _is_revoked(database: Engine, token: str) -> bool:
    statement = select(api_tokens.c.revoked_at).where(api_tokens.c.hash == vault.token_hash(token))
    with database.connect() as connection:
        return connection.execute(statement).scalar_one() is not None


def test_a_token_is_shown_once(antar: Antar, database: Engine, account: str) -> None:
    made = antar.json("token", "create", account)
    assert made["token"].startswith(made["prefix"])
    assert (made["bound_key"], made["revoked_at"]) == (None, None)
    assert not _is_revoked(database, made["token"])
    assert made["token"] not in antar.lines("token", "list", account) + antar.lines("token", "list", account, "--json")


def test_tokens_are_listed_by_their_first_characters(antar: Antar, account: str) -> None:
    assert antar.lines("token", "list", account) == "none\n"
    assert antar.json("token", "list", account) == []
    made = [antar.json("token", "create", account) for _ in range(2)]
    assert [each["prefix"] for each in antar.json("token", "list", account)] == [each["prefix"] for each in made]
    assert all(each["prefix"] in antar.lines("token", "list", account) for each in made)


def test_the_account_is_named_or_given_by_its_id(antar: Antar, account: str) -> None:
    (identifier,) = (each["id"] for each in antar.json("account", "list") if each["name"] == account)
    made = antar.json("token", "create", identifier)
    assert [each["prefix"] for each in antar.json("token", "list", account)] == [made["prefix"]]


def test_a_token_has_a_label_and_shows_its_last_characters(antar: Antar, account: str) -> None:
    made = antar.json("token", "create", account, "--label", "the shop's backend")
    assert (made["label"], made["last4"], made["expires_at"]) == ("the shop's backend", made["token"][-4:], None)
    lines = antar.lines("token", "list", account)
    assert "the shop's backend" in lines
    assert made["last4"] in lines


_MINUTE = timedelta(minutes=1)


def _expiry(made: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(made["expires_at"])


@pytest.mark.parametrize(
    ("length", "after"),
    [
        ("90d", timedelta(days=90)),
        ("12h", timedelta(hours=12)),
        ("30m", timedelta(minutes=30)),
        ("45s", timedelta(seconds=45)),
    ],
)
def test_a_token_expires_after_a_time(antar: Antar, account: str, length: str, after: timedelta) -> None:
    made = antar.json("token", "create", account, "--expires-in", length)
    assert abs(_expiry(made) - datetime.now(UTC) - after) < _MINUTE


@pytest.mark.parametrize("moment", ["2027-01-02T03:04:05Z", "2027-01-02T10:04:05+07:00", "1798859045"])
def test_a_token_expires_at_a_time(antar: Antar, account: str, moment: str) -> None:
    assert antar.json("token", "create", account, "--expires-at", moment)["expires_at"] == "2027-01-02T03:04:05.000Z"


@pytest.mark.parametrize("length", ["90", "d", "1w", "-1d", "1d12h", "", "999999d"])
def test_a_length_of_time_has_a_unit(antar: Antar, account: str, length: str) -> None:
    assert f"{length!r} is not like 90d, 12h or 30m" in antar.refused("token", "create", account, "--expires-in", length)


def test_a_token_expires_once(antar: Antar, account: str) -> None:
    both = ("--expires-in", "1d", "--expires-at", "2027-01-02")
    assert "give --expires-at or --expires-in" in antar.refused("token", "create", account, *both)


def test_a_token_can_be_bound_to_a_key_of_its_account(antar: Antar, account: str) -> None:
    key = add_key(antar, account, "telegram", OF_CHANNEL["telegram"])
    assert antar.json("token", "create", account, "--bound-key", key["id"])["bound_key"] == key["id"]


def test_a_token_cannot_be_bound_to_another_accounts_key(antar: Antar, account: str) -> None:
    other = antar.json("account", "create", f"other {ids.new()}")["name"]
    key = add_key(antar, other, "telegram", OF_CHANNEL["telegram"])
    said = antar.refused("token", "create", account, "--bound-key", key["id"])
    assert said == "Error: bound_key: is no channel key of the account\n"
    assert antar.json("token", "list", account) == []


def test_a_bound_key_is_given_by_its_id(antar: Antar, account: str) -> None:
    assert "'nonsense' is not an id that begins with key_" in antar.refused("token", "create", account, "--bound-key", "nonsense")


def test_a_revoked_token_is_announced_once_it_is_committed(antar: Antar, database: Engine, account: str, news: PubSub) -> None:
    token = antar.json("token", "create", account)["token"]
    assert antar.json("token", "revoke", token)["revoked_at"]
    message = news.get_message(timeout=5)
    assert message
    assert message["channel"] == signals.REVOKED.encode()
    assert _is_revoked(database, token)


def test_a_token_to_be_revoked_is_read_from_stdin(antar: Antar, database: Engine, account: str) -> None:
    token = antar.json("token", "create", account)["token"]
    assert token not in antar.lines("token", "revoke", "-", stdin=f"{token}\n")
    assert _is_revoked(database, token)


def test_revoking_again_changes_nothing_and_tells_again(antar: Antar, account: str, news: PubSub) -> None:
    token = antar.json("token", "create", account)["token"]
    assert antar.json("token", "revoke", token) == antar.json("token", "revoke", token)
    assert news.get_message(timeout=5)
    assert news.get_message(timeout=5)


def test_a_token_is_revoked_even_where_it_cannot_be_announced(
    antar: Antar, database: Engine, servers: Mapping[str, str], account: str
) -> None:
    token = antar.json("token", "create", account)["token"]
    done = process({**servers, "ANTAR_SIGNAL_URL": "redis://:pw@127.0.0.1:1/0"}, "token", "revoke", token)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: the token is revoked, but the api processes could not be told over Redis: "
        "they may accept it for 60 s more; running this again tells them\n"
    )
    assert _is_revoked(database, token)


def test_an_unknown_token_is_refused_without_being_repeated(antar: Antar) -> None:
    assert antar.refused("token", "revoke", "antar_unknown") == "Error: there is no such token\n"


@pytest.mark.parametrize("command", ["create", "list"])
def test_an_unknown_account_is_refused(antar: Antar, command: str) -> None:
    assert antar.refused("token", command, "nobody") == "Error: there is no account 'nobody'\n"
