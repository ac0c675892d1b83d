"""``antar quarantine``: what antar's own code failed at."""

import json
from uuid import UUID

import pytest
from sqlalchemy import Engine, insert

from shared import ids
from shared.db.tables import quarantine
from shared.domain.channels import Channel
from shared.management import accounts, keys
from tests.acceptance.backend import await_true
from tests.integration.cli.antar import Antar
from tests.integration.sends import rows

_FAILED = {"state": "failed", "code": "internal_error", "reason": "internal error before the call"}
_NOWHERE = {"bot_token": "1:a", "base_url": "http://127.0.0.1:1"}
_TRACE = 'KeyError:\n  File "worker/deliver/one.py", line 1, in call\n'


def _store(database: Engine, account: str, step: str = "prepare", kind: str = "KeyError from ValueError") -> str:
    """Store a send that failed by a bug, and whose provider is nowhere; give its delivery's id."""
    with database.begin() as connection:
        account_id = accounts.find(connection, account).id
        key, _ = keys.create(connection, account_id, Channel.TELEGRAM, "bot", _NOWHERE)
    changes = {1: {**_FAILED, "key_id": key.id}}
    stored = rows.Stored(plan=rows.plan(("telegram", 0, "42")), send={"state": "failed"}, deliveries=changes)
    delivery_id = ids.delivery_of(rows.store(database, account_id, stored), 1)
    _put(database, delivery_id, account_id, step, kind)
    return ids.encode(ids.DELIVERY, delivery_id)


def _put(database: Engine, delivery_id: UUID, account_id: UUID, step: str, kind: str) -> None:
    whose = {"delivery_id": delivery_id, "send_id": ids.send_of(delivery_id), "account_id": account_id}
    with database.begin() as connection:
        connection.execute(insert(quarantine).values(**whose, step=step, error=kind, trace=_TRACE))


@pytest.fixture
def kind() -> str:
    """Give a kind of error of this test's own."""
    return f"Error{ids.new().hex}"


def test_list_and_show(antar: Antar, database: Engine, account: str, kind: str) -> None:
    first, second = (_store(database, account, kind=f"{kind} from ValueError") for _ in range(2))
    listed = antar.json("quarantine", "list", "--error", kind)
    assert [each["id"] for each in listed] == [second, first]
    assert [each["id"] for each in antar.json("quarantine", "list", "--error", kind, "--before", second)] == [first]
    expected = {"channel": "telegram", "step": "prepare", "error": f"{kind} from ValueError", "delivery_state": "failed"}
    assert {name: listed[0][name] for name in expected} == expected
    assert antar.json("quarantine", "show", first) == {**listed[1], "trace": _TRACE}
    shown = antar.lines("quarantine", "show", first)
    assert shown.endswith('\nKeyError:\n  File "worker/deliver/one.py", line 1, in call\n')
    assert antar.refused("quarantine", "show", ids.encode(ids.DELIVERY, ids.new())) == "Error: the delivery is not in quarantine\n"


def test_why_leads_to_it(antar: Antar, database: Engine, account: str, kind: str) -> None:
    made = _store(database, account, kind=kind)
    assert f"a fault of antar's own: antar quarantine show {made}\n" in antar.lines("why", made)


@pytest.mark.parametrize("limit", ["0", "9" * 30, "many"])
def test_a_limit_is_a_number_of_entries(antar: Antar, limit: str) -> None:
    for noun in ("quarantine", "held"):
        assert "Invalid value for '--limit'" in antar.refused(noun, "list", "--limit", limit)


def test_dismissed_it_stays_as_it_ended(antar: Antar, database: Engine, account: str, kind: str) -> None:
    made, other = (_store(database, account, kind=kind) for _ in range(2))
    (told,) = antar.json("quarantine", "dismiss", made)
    assert (told["id"], told["done"]) == (made, True)
    assert [each["id"] for each in antar.json("quarantine", "list", "--error", kind, "--replayed")] == [other]
    story = antar.json("why", made)
    assert (story["state"], story["tiers"][0]["deliveries"][0]["code"]) == ("failed", "internal_error")
    assert f": {kind} in step prepare" in "\n".join(entry["text"] for entry in story["timeline"])
    again = antar.run("quarantine", "dismiss", made)
    assert again.exit_code == 2
    assert "the delivery is not in quarantine" in again.stdout
    assert [each["id"] for each in antar.json("quarantine", "dismiss", "--error", kind)] == [other]


def test_replay_of_one(antar: Antar, database: Engine, account: str, kind: str) -> None:
    made, other = (_store(database, account, kind=kind) for _ in range(2))
    (told,) = antar.json("quarantine", "replay", made)
    assert (told["id"], told["done"], told["problem"]) == (made, True, None)
    assert [each["id"] for each in antar.json("quarantine", "list", "--error", kind)] == [other]
    replayed = antar.json("quarantine", "list", "--error", kind, "--replayed")
    assert {each["id"]: each["replayed_at"] is not None for each in replayed} == {made: True, other: False}
    await_true(lambda: antar.json("why", made)["tiers"][0]["deliveries"][0]["code"] == "connection_failed", 60)
    timeline = "\n".join(entry["text"] for entry in antar.json("why", made)["timeline"])
    assert "telegram queued again after a fault of antar's own: by operator " in timeline


def test_replay_of_a_kind(antar: Antar, database: Engine, account: str, kind: str) -> None:
    made = [_store(database, account, kind=f"{kind} from KeyError") for _ in range(2)]
    call = _store(database, account, step="call", kind=kind)
    result = antar.run("quarantine", "replay", "--error", kind)
    assert (result.exit_code, result.stdout.count("dlv_"), "the delivery may have been sent" in result.stdout) == (2, 3, True)
    assert [each["id"] for each in antar.json("quarantine", "list", "--error", kind)] == [call]
    assert [each["done"] for each in antar.json("quarantine", "replay", "--error", kind, "--even-if-sent")] == [True]
    assert antar.json("quarantine", "replay", "--error", kind) == []
    assert all("internal_error" not in antar.lines("quarantine", "show", each) for each in made)


def test_replay_wants_to_know_what(antar: Antar) -> None:
    delivery = ids.encode(ids.DELIVERY, ids.new())
    for arguments in ((), (delivery, "--all"), ("--all", "--error", "KeyError"), (delivery, "--error", "KeyError")):
        result = antar.run("quarantine", "replay", *arguments)
        assert (result.exit_code, "name deliveries, or a kind by --error, or --all" in result.stderr) == (2, True)


def test_replay_of_all(antar: Antar, database: Engine, account: str, kind: str) -> None:
    made = _store(database, account, kind=kind)
    answer = antar.run("quarantine", "replay", "--all", "--even-if-sent", "--json").stdout
    assert {each["id"]: each["done"] for each in json.loads(answer)}[made] is True
