"""``antar held``: what waits for a person, and deciding on it."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared import ids
from shared.domain.channels import Channel
from shared.management import accounts, keys
from tests.acceptance.backend import await_true
from tests.integration.cli.antar import Antar
from tests.integration.sends import rows

_HELD = {"state": "unknown", "held": True, "code": "answer_timeout", "reason": "no answer", "ended_at": "2026-01-02T00:00:00Z"}
_NOWHERE = {"bot_token": "1:a", "base_url": "http://127.0.0.1:1"}


def _store(database: Engine, account: str) -> str:
    """Store a running send whose first delivery is held, and whose provider is nowhere; give that delivery's id."""
    with database.begin() as connection:
        account_id = accounts.find(connection, account).id
        key, _ = keys.create(connection, account_id, Channel.TELEGRAM, "bot", _NOWHERE)
    plan = rows.plan(("telegram", 0, "42"), ("telegram", 1, "43"))
    changes: dict[int, dict[str, Any]] = {1: {**_HELD, "key_id": key.id}, 2: {"key_id": key.id}}
    stored = rows.Stored(plan=plan, send={"state": "running"}, deliveries=changes)
    return ids.encode(ids.DELIVERY, ids.delivery_of(rows.store(database, account_id, stored), 1))


@pytest.fixture
def held(database: Engine, account: str) -> str:
    return _store(database, account)


def _send_of(delivery: str) -> str:
    identifier = ids.decode(ids.DELIVERY, delivery)
    assert isinstance(identifier, UUID)
    return ids.encode(ids.SEND, ids.send_of(identifier))


def _texts(antar: Antar, delivery: str) -> str:
    return "\n".join(entry["text"] for entry in antar.json("why", delivery)["timeline"])


def _states(antar: Antar, delivery: str) -> tuple[str, list[str]]:
    send: Any = antar.json("why", delivery)
    return send["state"], [each["state"] for tier in send["tiers"] for each in tier["deliveries"]]


def test_what_is_held_is_listed(antar: Antar, database: Engine, account: str, held: str) -> None:
    second = _store(database, account)
    (first, other) = antar.json("held", "list", account)
    assert (first["id"], other["id"]) == (held, second)
    assert (first["send"], first["channel"], first["code"]) == (_send_of(held), "telegram", "answer_timeout")
    assert first["since"] == "2026-01-02T00:00:00.000Z"
    assert antar.json("held", "list", account, "--limit", "1") == [first]
    assert antar.json("held", "list", account, "--after", held) == [other]
    assert {held, second} <= {each["id"] for each in antar.json("held", "list", "--limit", "1000")}
    assert held in antar.lines("held", "list", account)
    assert antar.lines("held", "list", antar.json("account", "create", f"shop {ids.new()}")["name"]) == "none\n"


def test_why_says_what_can_be_done(antar: Antar, held: str) -> None:
    assert f"held: antar held release|fail|confirm {held}\n" in antar.lines("why", held)
    antar.run("held", "confirm", held)
    assert "antar held" not in antar.lines("why", held)


def test_release(antar: Antar, held: str) -> None:
    assert antar.json("held", "release", held) == [{"id": held, "send": _send_of(held), "done": True, "problem": None}]
    assert "telegram released to be tried again: by operator " in _texts(antar, held)
    await_true(lambda: _states(antar, held) == ("failed", ["failed", "failed"]), 60)


def test_fail(antar: Antar, held: str) -> None:
    assert antar.json("held", "fail", held)[0]["done"] is True
    assert "telegram counted as not sent: by operator " in _texts(antar, held)
    await_true(lambda: _states(antar, held) == ("failed", ["failed", "failed"]), 60)


def test_confirm(antar: Antar, held: str) -> None:
    assert antar.json("held", "confirm", held)[0]["done"] is True
    assert "telegram counted as sent: by operator " in _texts(antar, held)
    await_true(lambda: _states(antar, held) == ("sent", ["sent", "skipped"]))


def test_what_cannot_be_decided_does_not_keep_the_others(antar: Antar, held: str) -> None:
    nowhere = ids.encode(ids.DELIVERY, ids.delivery_of(ids.new_send(), 1))
    result = antar.run("held", "confirm", nowhere, held, held, "--json")
    told = [(each["id"], each["done"], each["problem"]) for each in json.loads(result.stdout)]
    assert (result.exit_code, told) == (2, [(nowhere, False, "there is no such delivery"), (held, True, None)])
    again = antar.run("held", "confirm", held)
    assert (again.exit_code, "the delivery is sent and not held" in again.stdout) == (2, True)
    assert antar.run("held", "confirm").exit_code == 2
    assert antar.run("held", "confirm", "snd_1").exit_code == 2
