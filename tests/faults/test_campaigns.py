"""A campaign under way while its feeder and its workers are killed, and while it is paused and resumed."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, select, update

from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Options, Stack
from shared import ids, queues
from shared.db.tables import channel_keys, deliveries
from shared.domain.channels import Channel
from shared.domain.states import OnUnknown
from shared.management import accounts, keys
from shared.management.campaigns import control
from tests.acceptance.backend import await_true
from tests.faults import patience
from tests.faults.scenario import Say
from tests.integration import this_process
from tests.integration.worker.campaigns import rows

_PROCESSES: Final = ("postgres", "redis", "worker-send", "worker-bulk", "worker-events", "beat", "sandbox")
_KILLED: Final = ("worker-events", "worker-bulk")
"""The process that feeds, and the one that calls."""
_RECIPIENTS: Final = 2500
_PER_SECOND: Final = 120.0
_PAUSES: Final = 10
_UNDER_WAY: Final = 20
"""Messages after which it is under way."""
_LOST_CALLS: Final = 60.0
"""Seconds in which the leases of killed workers have run out."""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path / "stack", Options(processes=_PROCESSES, environment=patience.LITTLE)) as running:
        httpx.post(f"{running.sandbox_url}/_sandbox/settings", json={"auto_receipts": False}).raise_for_status()
        fault = {"channel": "telegram", "kind": "slow", "latency_ms": 300}
        httpx.post(f"{running.sandbox_url}/_sandbox/faults", json=fault).raise_for_status()
        yield running


@pytest.fixture
def database(stack: Stack) -> Iterator[Engine]:
    with this_process.set_up(stack.environment()) as engine:
        yield engine


def _start(stack: Stack, database: Engine) -> UUID:
    """Run a campaign by one channel, of which nobody repeats a call whose outcome is unknown."""
    with database.begin() as connection:
        account_id = accounts.create(connection, f"faults {ids.new()}").id
        key, _ = keys.create(
            connection, account_id, Channel.TELEGRAM, "bot", sandbox.telegram(stack.sandbox_url, 7), on_unknown=OnUnknown.NEXT_TIER
        )
        connection.execute(update(channel_keys).where(channel_keys.c.id == key.id).values(rate_per_second=1000.0))
        planned = rows.plan((Channel.TELEGRAM, 0, key.id))
        recipients = [rows.person(str(7_000_000 + number), variables={"name": "Alex"}) for number in range(_RECIPIENTS)]
        return rows.store(connection, account_id, planned, recipients, rate_per_second=_PER_SECOND)


def _received(stack: Stack) -> Counter[str]:
    answer = httpx.get(f"{stack.sandbox_url}/_sandbox/messages", params={"channel": "telegram"}, timeout=30)
    return Counter(message["to"] for message in answer.json()["messages"] if message["to"].startswith("7"))


def _kill(stack: Stack, name: str) -> None:
    stack._supervisor._charges[name].deaths = 0
    stack.kill(name)


def _await_calls(stack: Stack) -> None:
    """Wait until the campaign is under way, whatever was killed before."""
    before = _received(stack).total()
    await_true(lambda: _received(stack).total() >= before + _UNDER_WAY, _LOST_CALLS)


def _pause_exactly(stack: Stack, database: Engine, campaign_id: UUID) -> None:
    """Pause until no call is left, those of killed workers included; from then on nothing may come."""
    await_true(lambda: control.pause(database, None, campaign_id, 5).in_flight == 0, _LOST_CALLS)
    until_then = _received(stack)
    time.sleep(1)
    assert _received(stack) == until_then
    queues.publish_due(control.resume(database, None, campaign_id))


def _states(database: Engine, campaign_id: UUID) -> dict[str, str]:
    chosen = select(deliveries.c.target, deliveries.c.state).where(deliveries.c.campaign_id == campaign_id)
    with database.connect() as connection:
        return {row.target: row.state for row in connection.execute(chosen)}


def test_every_recipient_gets_it_once_whoever_is_killed_and_however_often_it_is_paused(
    stack: Stack, database: Engine, seed: int, say: Say
) -> None:
    rng = random.Random(f"{seed} campaigns")  # noqa: S311 - repeatable on purpose.
    campaign_id = _start(stack, database)
    for number in range(_PAUSES):
        _await_calls(stack)
        time.sleep(rng.uniform(0.0, 0.5))
        _kill(stack, _KILLED[number % 2])
        if rng.random() < 0.5:
            time.sleep(rng.uniform(0.0, 1.0))
        _pause_exactly(stack, database, campaign_id)
    await_true(lambda: rows.campaign(database, campaign_id)["state"] == "completed", 180)
    _judge(_received(stack), _states(database, campaign_id), say)


def _judge(received: Counter[str], states: dict[str, str], say: Say) -> None:
    say(f"{Counter(states.values())}, {received.total()} received")
    assert len(states) == _RECIPIENTS
    assert set(received.values()) == {1}
    assert set(states.values()) <= {"sent", "unknown"}
    assert {target for target, state in states.items() if state == "sent"} <= set(received)
    assert set(received) <= set(states)
