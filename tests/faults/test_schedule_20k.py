"""Many scheduled sends within one minute, with a restart of worker and beat in the middle: none early, none lost, none twice."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import aiohttp
import click
import httpx
import pytest
import sqlalchemy

from deploy.local import demo
from deploy.local.stack import Stack

SENDS: Final = 20_000
MINUTE: Final = 60
_CLIENTS: Final = 32
_POSTING: Final = 90
"""Seconds before the first is due, in which all are posted."""
_PATIENCE: Final = 300
_FIRST_NUMBER: Final = 6281400000000


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as an operator has it: nothing is set."""
    with Stack(tmp_path_factory.mktemp("antar")) as running:
        yield running


def _body(key: str, number: int, moment: int) -> dict[str, Any]:
    return {
        "keys": {"waba": {"token": key}},
        "content": {"waba": {"message": {"type": "text", "message": "It is time."}}},
        "target": {"waba": str(_FIRST_NUMBER + number)},
        "context": {"timing": {"schedule": moment}},
    }


async def _post_all(stack: Stack, account: dict[str, Any], start: int) -> Counter[int]:
    """Post sends that are spread over a minute, and count the answers by status."""
    headers = {"Authorization": f"Bearer {account['token']}"}
    numbers = iter(range(SENDS))
    statuses: Counter[int] = Counter()

    async def client(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            body = _body(account["keys"]["waba"], number, start + number % MINUTE)
            async with session.post(f"{stack.base_url}/v1/send", json=body) as answer:
                statuses[answer.status] += 1

    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(client(session) for _ in range(_CLIENTS)))
    return statuses


def _states(stack: Stack) -> Counter[str]:
    engine = sqlalchemy.create_engine(stack.environment()["ANTAR_DATABASE_URL"])
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("SELECT state, count(*) AS sends FROM sends GROUP BY state")).all()
    engine.dispose()
    return Counter({row.state: row.sends for row in rows})


def _received(stack: Stack) -> list[tuple[int, float]]:
    """Give the number and the time of every message the provider accepted."""
    messages = httpx.get(f"{stack.sandbox_url}/_sandbox/messages", params={"channel": "waba"}, timeout=120).json()["messages"]
    return [(int(each["to"]) - _FIRST_NUMBER, datetime.fromisoformat(each["received_at"]).timestamp()) for each in messages]


def _await_end(stack: Stack) -> None:
    deadline = time.monotonic() + _PATIENCE
    while (states := _states(stack)) and (states["scheduled"] or states["running"]):
        assert time.monotonic() < deadline, states
        time.sleep(2)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print figures that are seen without a failure, too."""

    def write(line: str) -> None:
        with capsys.disabled():
            click.echo(f"\n{line}", nl=False)

    return write


def test_none_early_none_lost_none_twice(own_stack: Stack, say: Callable[[str], None]) -> None:
    account = demo.ensure(own_stack)
    httpx.post(f"{own_stack.sandbox_url}/_sandbox/settings", json={"auto_receipts": False}).raise_for_status()
    start = int(time.time()) + _POSTING
    posting = time.monotonic()
    assert asyncio.run(_post_all(own_stack, dict(account), start)) == {200: SENDS}
    say(f"posted {SENDS} sends in {time.monotonic() - posting:.0f} s")
    time.sleep(max(0.0, start + MINUTE / 3 - time.time()))
    restarting = time.time()
    own_stack.restart("worker-send", "beat")
    say(f"restarted worker-send and beat {restarting - start:.0f} to {time.time() - start:.0f} s after the first was due")
    _await_end(own_stack)
    assert _states(own_stack) == {"sent": SENDS}
    received = _received(own_stack)
    assert Counter(number for number, _ in received) == dict.fromkeys(range(SENDS), 1)
    _report([(start + number % MINUTE, at) for number, at in received], restarting, say)


def _report(runs: list[tuple[int, float]], restarting: float, say: Callable[[str], None]) -> None:
    """Say how late the sends were, and assert that none was early."""
    undisturbed = sorted(at - moment for moment, at in runs if moment < restarting - 2)
    lateness = sorted(at - moment for moment, at in runs)
    for name, figures in (("before the restart", undisturbed), ("all", lateness)):
        hundredths = statistics.quantiles(figures, n=100)
        p50, p99 = hundredths[49], hundredths[98]
        say(f"{name}: {len(figures)} sends late by p50 {p50:.2f} s, p99 {p99:.2f} s, at most {figures[-1]:.2f} s")
    assert lateness[0] >= 0
