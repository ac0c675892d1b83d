"""``antar key``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from shared import ids, vault
from shared.db.tables import channel_keys
from tests.integration.cli.antar import Antar
from tests.integration.cli.credentials import OF_CHANNEL, PEM_LINE, SECRET

_TELEGRAM = OF_CHANNEL["telegram"]


def add_key(antar: Antar, account: str, channel: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Add a key by way of stdin."""
    stdin = json.dumps(credentials)
    made: dict[str, Any] = antar.json("key", "add", account, channel, "--name", "Desk", "--credentials", "-", stdin=stdin)
    return made


def stored(database: Engine, key_id: str) -> dict[str, Any]:
    identifier = ids.decode(ids.KEY, key_id)
    assert identifier
    statement = select(channel_keys).where(channel_keys.c.id == identifier)
    with database.connect() as connection:
        return dict(connection.execute(statement).mappings().one())


def _refused_credentials(antar: Antar, account: str, channel: str, stdin: str) -> str:
    said = antar.refused("key", "add", account, channel, "--name", "Desk", "--credentials", "-", stdin=stdin)
    assert antar.json("key", "list", account) == []
    return said


@pytest.mark.parametrize("channel", OF_CHANNEL)
def test_a_key_keeps_its_credentials_encrypted(antar: Antar, database: Engine, account: str, channel: str) -> None:
    made = add_key(antar, account, channel, OF_CHANNEL[channel])
    assert (made["channel"], made["name"], made["status"], made["on_unknown"]) == (channel, "Desk", "active", "next_tier")
    kept = stored(database, made["id"])
    assert vault.get().decrypt(kept["id"], bytes(kept["credentials"])) == OF_CHANNEL[channel]
    assert bytes(kept["token_hash"]) == vault.token_hash(made["token"])


@pytest.mark.parametrize("channel", OF_CHANNEL)
def test_no_secret_is_ever_printed(antar: Antar, account: str, channel: str, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(OF_CHANNEL[channel]))
    arguments = ("key", "add", account, channel, "--name", "Desk", "--credentials", str(file))
    broken = json.dumps({**OF_CHANNEL[channel], "surplus": f"{SECRET}-surplus"})
    printed = [
        antar.lines(*arguments),
        antar.lines(*arguments, "--json"),
        antar.lines("key", "list", account),
        antar.lines("key", "list", account, "--json"),
        antar.refused(*arguments[:-1], "-", stdin=broken),
        antar.refused(*arguments[:-1], "-", stdin=json.dumps(OF_CHANNEL[channel])[:-2]),
        antar.refused(*arguments[:-1], "-", stdin=json.dumps(SECRET)),
    ]
    assert not [text for text in printed if SECRET in text or PEM_LINE in text]


def test_a_token_is_shown_once(antar: Antar, account: str) -> None:
    made = add_key(antar, account, "telegram", _TELEGRAM)
    token = made.pop("token")
    assert antar.json("key", "list", account) == [made]
    assert token not in antar.lines("key", "list", account)
    assert token.startswith(made["token_prefix"])


def test_people_can_copy_the_token(antar: Antar, account: str) -> None:
    arguments = ("key", "add", account, "telegram", "--name", "Desk", "--credentials", "-")
    lines = antar.lines(*arguments, stdin=json.dumps(_TELEGRAM)).splitlines()
    assert len(lines[0].split()) == 2
    assert lines[0].split()[0] == "token"


@pytest.mark.parametrize("policy", ["next_tier", "retry", "hold"])
def test_a_key_has_its_policy_for_unknown_outcomes(antar: Antar, account: str, policy: str) -> None:
    arguments = ("key", "add", account, "telegram", "--name", "Desk", "--credentials", "-", "--on-unknown", policy)
    assert antar.json(*arguments, stdin=json.dumps(_TELEGRAM))["on_unknown"] == policy


@pytest.mark.parametrize(
    ("channel", "changes", "field"),
    [
        ("whatsapp", {"gateway": "pigeon"}, "credentials.gateway"),
        ("whatsapp", {"base_url": "not a url"}, "credentials.base_url"),
        ("whatsapp", {"surplus": SECRET}, "credentials.surplus"),
        ("telegram", {"bot_token": 7}, "credentials.bot_token"),
        ("telegram", {"bot_token": f"{SECRET}/../"}, "credentials.bot_token"),
        ("email", {"port": 0}, "credentials.port"),
        ("email", {"security": "ssl3"}, "credentials.security"),
        ("email", {"username": None}, "credentials"),
        ("email", {"dkim": {"domain": "shop.example", "selector": "a", "private_key": SECRET}}, "credentials.dkim.private_key"),
    ],
)
def test_a_wrong_field_is_named_and_not_repeated(
    antar: Antar, account: str, channel: str, changes: dict[str, Any], field: str
) -> None:
    said = _refused_credentials(antar, account, channel, json.dumps({**OF_CHANNEL[channel], **changes}))
    assert said.startswith(f"Error: {field}: ")
    assert SECRET not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("missing", ["gateway", "base_url", "api_key"])
def test_a_missing_field_is_named(antar: Antar, account: str, missing: str) -> None:
    credentials = {name: value for name, value in OF_CHANNEL["whatsapp"].items() if name != missing}
    assert (
        _refused_credentials(antar, account, "whatsapp", json.dumps(credentials)) == f"Error: credentials.{missing}: is required\n"
    )


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        ("", "is not JSON: Expecting value at line 1, column 1"),
        (f'{{"bot_token": "{SECRET}"', "is not JSON: Expecting ',' delimiter at line 1, column 23"),
        ("[]", "must be a JSON object"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_credentials_are_a_json_object(antar: Antar, account: str, stdin: str, said: str) -> None:
    assert _refused_credentials(antar, account, "telegram", stdin) == f"Error: credentials: {said}\n"


def test_a_file_that_is_not_there_is_named(antar: Antar, account: str) -> None:
    said = antar.refused("key", "add", account, "telegram", "--name", "Desk", "--credentials", "/nonexistent.json")
    assert "/nonexistent.json" in said


def test_a_channel_is_one_of_four(antar: Antar, account: str) -> None:
    said = antar.refused("key", "add", account, "fax", "--name", "Desk", "--credentials", "-", stdin="{}")
    assert "'whatsapp', 'waba', 'telegram', 'email'" in said


def test_a_key_needs_a_name_and_an_account(antar: Antar, account: str) -> None:
    stdin = json.dumps(_TELEGRAM)
    for owner, name, said in ((account, " ", "name: must not be empty"), ("nobody", "Desk", "there is no account 'nobody'")):
        arguments = ("key", "add", owner, "telegram", "--name", name, "--credentials", "-")
        assert antar.refused(*arguments, stdin=stdin) == f"Error: {said}\n"


def test_a_key_is_suspended_with_a_reason_resumed_and_revoked(antar: Antar, account: str) -> None:
    key_id = add_key(antar, account, "telegram", _TELEGRAM)["id"]
    suspended = antar.json("key", "suspend", key_id, "--reason", "moved house")
    assert (suspended["status"], suspended["status_reason"]) == ("suspended", "moved house")
    resumed = antar.json("key", "resume", key_id)
    assert (resumed["status"], resumed["status_reason"]) == ("active", None)
    revoked = antar.json("key", "revoke", key_id)
    assert (revoked["status"], revoked["status_reason"]) == ("revoked", None)
    assert antar.json("key", "list", account) == [revoked]
    assert "revoked" in antar.lines("key", "list", account)


@pytest.mark.parametrize("command", ["suspend", "resume", "revoke", "probe"])
def test_an_unknown_key_is_refused(antar: Antar, command: str) -> None:
    assert antar.refused("key", command, ids.encode(ids.KEY, ids.new())) == "Error: there is no such channel key\n"
    assert "'nonsense' is not an id that begins with key_" in antar.refused("key", command, "nonsense")
