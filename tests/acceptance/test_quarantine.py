"""A fault of antar's own: tried again, put into quarantine, told without anybody's secrets, and mended."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import insert, select, update

from deploy.local.stack import Stack
from shared import ids, vault
from shared.db.tables import channel_keys, quarantine, templates
from tests.acceptance.backend import Backend, deliveries
from tests.integration.cli import antar

_PLANTED = f"planted{ids.new().hex}"
_BODY = {"type": "BODY", "text": f"{_PLANTED} for {{{{name}}}}"}
_WHOLE: dict[str, Any] = {"name": "order_ready", "language": "en_US", "components": [_BODY]}
_BROKEN = {**_WHOLE, "components": [_BODY, {"type": "BUTTONS", "buttons": [_PLANTED]}]}


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Somebody at a terminal."""

    stack: Stack

    def run(self, *arguments: str) -> tuple[int, Any]:
        done = antar.process(self.stack.environment(), *arguments, "--json")
        return done.returncode, json.loads(done.stdout)

    def logs(self) -> str:
        return "".join(file.read_text() for file in sorted(self.stack.home.logs.glob("*.log")))


@pytest.fixture
def operator(stack: Stack) -> Operator:
    return Operator(stack=stack)


@pytest.fixture
def template(backend: Backend, database: sqlalchemy.Engine) -> int:
    """A template that this version's code cannot read."""
    mine = select(channel_keys.c.account_id).where(channel_keys.c.token_hash == vault.token_hash(backend.keys["waba"]))
    row = {"account_id": mine.scalar_subquery(), "channel": "waba", "name": _PLANTED, "language": "en_US", "body": _BROKEN}
    with database.begin() as connection:
        made = connection.execute(insert(templates).values(**row, status="approved", active=True).returning(templates.c.id))
        identifier: int = made.scalar_one()
    return identifier


def _send(backend: Backend, template: int, tiers: dict[str, int]) -> dict[str, Any]:
    content = {channel: {"template": template} if channel == "waba" else backend.content(channel) for channel in tiers}
    return backend.send(tiers, content, variables={"name": _PLANTED})


def test_a_fault_of_our_own(backend: Backend, database: sqlalchemy.Engine, operator: Operator, template: int) -> None:
    falling_back, alone = _send(backend, template, {"waba": 0, "telegram": 1}), _send(backend, template, {"waba": 0})
    first, second = (backend.ended(backend.post(body).json()["id"]) for body in (falling_back, alone))
    failed = [deliveries(send)["waba"] for send in (first, second)]
    assert [(each["state"], each["code"], each["attempts"]) for each in failed] == [("failed", "internal_error", [])] * 2
    assert (first["state"], second["state"]) == ("sent", "failed")
    assert len(backend.received("telegram", falling_back["target"]["telegram"])) == 1

    status, entry = operator.run("quarantine", "show", failed[1]["id"])
    assert (status, entry["step"], entry["error"], entry["send_state"]) == (0, "prepare", "TypeError", "failed")
    assert re.search(r"waba_templates.py.+ in _flat\n", entry["trace"])
    logs = operator.logs()
    bugs = [line for line in logs.splitlines() if "deliver.bug" in line]
    assert [len([line for line in bugs if each["id"] in line]) for each in failed] == [3, 3]
    with database.connect() as connection:
        kept = str(connection.execute(select(quarantine)).all())
    secrets = (_PLANTED, *(body["target"]["waba"] for body in (falling_back, alone)))
    assert [secret for secret in secrets if secret in logs or secret in kept] == []

    with database.begin() as connection:
        connection.execute(update(templates).where(templates.c.id == template).values(body=_WHOLE))
    status, told = operator.run("quarantine", "replay", failed[0]["id"], failed[1]["id"])
    assert (status, [(each["done"], each["problem"]) for each in told]) == (
        2,
        [(False, "the send was sent by another channel"), (True, None)],
    )
    assert backend.ended(second["id"])["state"] == "sent"
    assert len(backend.received("waba", alone["target"]["waba"])) == 1
    assert backend.received("waba", falling_back["target"]["waba"]) == []
