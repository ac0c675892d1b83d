"""Many scheduled sends within one minute, with a restart of worker and beat in the middle: none early, none lost, none twice."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from deploy.local import demo
from deploy.local.stack import Stack
from shared.domain.states import SendState
from tests.faults import load, observation
from tests.faults.load import Answer
from tests.faults.mixture import Planned
from tests.faults.scenario import Say

SENDS: Final = 20_000
MINUTE: Final = 60
_PER_SECOND: Final = 300
_POSTING: Final = 90
"""Seconds before the first is due, in which all are posted."""
_PATIENCE: Final = 300
_FIRST_NUMBER: Final = 6281400000000


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as an operator has it: nothing is set."""
    with Stack(tmp_path_factory.mktemp("antar")) as running:
        yield running


def _planned(key: str, number: int, start: int) -> Planned:
    body = {
        "keys": {"waba": {"token": key}},
        "content": {"waba": {"message": {"type": "text", "message": "It is time."}}},
        "target": {"waba": str(_FIRST_NUMBER + number)},
        "context": {"timing": {"schedule": start + number % MINUTE}},
    }
    return Planned(idempotency_key=str(number), body=body, prefer="respond-async")


def _post_all(stack: Stack, account: dict[str, Any], start: int) -> list[Answer]:
    """Post sends that are spread over a minute."""
    service = load.Service(base_url=stack.base_url, token=account["token"])
    planned = [_planned(account["keys"]["waba"], number, start) for number in range(SENDS)]
    return asyncio.run(load.post_all(service, planned, _PER_SECOND))


def _received(stack: Stack) -> list[tuple[int, float]]:
    """Give the number and the time of every message the provider accepted."""
    return [(int(each.to) - _FIRST_NUMBER, each.received_at) for each in observation.messages(stack)]


def test_none_early_none_lost_none_twice(own_stack: Stack, say: Say) -> None:
    account = demo.ensure(own_stack)
    httpx.post(f"{own_stack.sandbox_url}/_sandbox/settings", json={"auto_receipts": False}).raise_for_status()
    start = int(time.time()) + _POSTING
    posting = time.monotonic()
    answers = _post_all(own_stack, dict(account), start)
    assert all(answer.accepted for answer in answers)
    say(f"posted {SENDS} sends in {time.monotonic() - posting:.0f} s")
    time.sleep(max(0.0, start + MINUTE / 3 - time.time()))
    restarting = time.time()
    own_stack.restart("worker-send", "beat")
    say(f"restarted worker-send and beat {restarting - start:.0f} to {time.time() - start:.0f} s after the first was due")
    assert observation.await_quiet(own_stack, _PATIENCE)
    assert Counter(send.state for send in observation.observe(own_stack, answers).sends) == {SendState.SENT: SENDS}
    received = _received(own_stack)
    assert Counter(number for number, _ in received) == dict.fromkeys(range(SENDS), 1)
    _report([(start + number % MINUTE, at) for number, at in received], restarting, say)


def _report(runs: list[tuple[int, float]], restarting: float, say: Say) -> None:
    """Say how late the sends were, and assert that none was early."""
    undisturbed = sorted(at - moment for moment, at in runs if moment < restarting - 2)
    lateness = sorted(at - moment for moment, at in runs)
    for name, figures in (("before the restart", undisturbed), ("all", lateness)):
        hundredths = statistics.quantiles(figures, n=100)
        p50, p99 = hundredths[49], hundredths[98]
        say(f"{name}: {len(figures)} sends late by p50 {p50:.2f} s, p99 {p99:.2f} s, at most {figures[-1]:.2f} s")
    assert lateness[0] >= 0
