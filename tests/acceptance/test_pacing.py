"""Rates, pauses and quotas with two worker processes, by what the provider saw."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack
from shared.domain.channels import Channel
from tests.acceptance.backend import Backend, await_true, deliveries, text
from tests.integration.cli import antar

pytestmark = pytest.mark.steady

_ROOT = Path(__file__).parents[2]
NewKey = Callable[..., Backend]


@contextmanager
def _worker(stack: Stack, name: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run another process for the same queue as the stack's own worker."""
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "--pool", "threads", "-c", "16", "-Q", "send"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ANTAR_")}
    with (
        log.open("w") as file,
        subprocess.Popen(  # noqa: S603 - our own module.
            [*command, "-n", f"{name}@%h", "--loglevel", "INFO"],
            cwd=_ROOT,
            env={**variables, **stack.environment()},
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            await_true(lambda: " ready." in log.read_text())
            yield process
        finally:
            process.terminate()


@pytest.fixture(scope="module", autouse=True)
def _second_worker(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with _worker(stack, "second", tmp_path_factory.mktemp("worker") / "log"):
        yield


@pytest.fixture
def new_key(stack: Stack, backend: Backend, tmp_path: Path) -> NewKey:
    """Make a Telegram key of its own, with limits as the command line names them."""

    def make(**limits: object) -> Backend:
        options = [part for name, value in limits.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        credentials = tmp_path / "telegram.json"
        credentials.write_text(json.dumps(sandbox.telegram(stack.sandbox_url, 1)))
        made = antar.process(
            stack.environment(),
            *("key", "add", "demo", Channel.TELEGRAM, "--name", "paced", "--credentials", str(credentials), "--json", *options),
        )
        return replace(backend, keys={**backend.keys, "telegram": json.loads(made.stdout)["token"]})

    return make


def _post(owner: Backend, number: int, message: str, tiers: Mapping[str, int] | None = None) -> list[str]:
    """Post sends that nobody waits for and give their ids."""

    def post(_: int) -> str:
        given = tiers or {"telegram": 0}
        body = owner.send(given, {channel: text(message) for channel in given})
        return str(owner.post(body, Prefer="respond-async").json()["id"])

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(post, range(number)))


def _ended(owner: Backend, send_ids: list[str]) -> list[dict[str, Any]]:
    return [deliveries(owner.ended(each))["telegram"] for each in send_ids]


def _moments(owner: Backend, message: str) -> list[float]:
    """Give when the provider accepted a message, for each that it accepted."""
    messages = owner.sandbox.get("/_sandbox/messages", params={"channel": "telegram"}).json()["messages"]
    return sorted(
        datetime.fromisoformat(each["received_at"]).timestamp() for each in messages if message in json.dumps(each["body"])
    )


def test_a_rate_holds_over_all_workers(new_key: NewKey) -> None:
    owner = new_key(rate=20)
    ended = _ended(owner, _post(owner, 120, "at twenty a second"))
    moments = _moments(owner, "at twenty a second")
    assert Counter(each["state"] for each in ended) == {"sent": 120}
    assert len(moments) == 120
    # A busy machine lets some arrive late, together with those after them.
    assert max(sum(start <= moment < start + 1 for moment in moments) for start in moments) <= 40
    assert 5 < moments[-1] - moments[0] < 15


def test_who_waits_beyond_the_horizon_leaves_in_time(new_key: NewKey) -> None:
    """Its task is not in the broker meanwhile."""
    owner = new_key(rate=2)
    ended = _ended(owner, _post(owner, 26, "at two a second"))
    moments = _moments(owner, "at two a second")
    assert Counter(each["state"] for each in ended) == {"sent": 26}
    assert all(len(each["attempts"]) == 1 for each in ended)
    assert 12 < moments[-1] - moments[0] < 17


def test_a_pause_stops_all_workers_and_spends_no_attempt(new_key: NewKey) -> None:
    owner = new_key()
    owner.fault("telegram", "throttle", retry_after=3, times=1)
    (first,) = _post(owner, 1, "after the pause")
    await_true(lambda: bool(deliveries(owner.look_up(first))["telegram"]["attempts"]))
    throttled_at = time.time()
    others = _post(owner, 40, "after the pause")
    ended = _ended(owner, [first, *others])
    moments = _moments(owner, "after the pause")
    assert Counter(each["state"] for each in ended) == {"sent": 41}
    assert Counter(len(each["attempts"]) for each in ended) == {1: 40, 2: 1}
    assert min(moments) >= throttled_at + 2
    assert moments[-1] - moments[0] > 1


def test_who_cannot_outlast_a_pause_falls_back_without_a_call(new_key: NewKey) -> None:
    owner = new_key()
    owner.fault("telegram", "throttle", retry_after=600, times=1)
    (first,) = _post(owner, 1, "never by telegram")
    assert owner.ended(first)["state"] == "failed"
    answer = owner.post(owner.send({"telegram": 0, "waba": 1})).json()
    assert answer["channels"]["waba"]["status"] is True
    stopped = deliveries(owner.look_up(answer["id"]))["telegram"]
    assert (stopped["state"], stopped["code"], stopped["attempts"]) == ("failed", "throttled", [])


def test_a_quota_is_exact_over_all_workers(new_key: NewKey) -> None:
    owner = new_key(quota=50)
    ended = _ended(owner, _post(owner, 200, "one of fifty"))
    assert Counter((each["state"], each["code"]) for each in ended) == {("sent", None): 50, ("failed", "quota_exceeded"): 150}
    assert len(_moments(owner, "one of fifty")) == 50


def test_what_a_provider_refused_leaves_its_unit_to_others(new_key: NewKey) -> None:
    owner = new_key(quota=5)
    owner.fault("telegram", "content", times=5)
    refused = _ended(owner, _post(owner, 5, "refused"))
    assert {each["state"] for each in refused} == {"failed"}
    ended = _ended(owner, _post(owner, 5, "accepted"))
    assert Counter(each["state"] for each in ended) == {"sent": 5}


def test_a_worker_that_dies_in_its_calls_lets_no_more_through(new_key: NewKey, stack: Stack, tmp_path: Path) -> None:
    """What it had taken of the quota may be lost; nobody has it twice."""
    owner = new_key(quota=20)
    owner.fault("telegram", "slow", latency_ms=1500)
    with _worker(stack, "third", tmp_path / "log") as third:
        send_ids = _post(owner, 60, "whoever dies")
        await_true(lambda: "deliver.outcome" in (tmp_path / "log").read_text())
        third.kill()
    ended = _ended(owner, send_ids)
    assert {each["state"] for each in ended} <= {"sent", "unknown", "failed"}
    assert {each["code"] for each in ended if each["state"] == "failed"} == {"quota_exceeded"}
    assert sum(each["state"] == "sent" for each in ended) <= len(_moments(owner, "whoever dies")) <= 20
