"""Scheduled sends wait in Postgres: nothing in the broker is to run later than the horizon."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from deploy.local import demo
from deploy.local.stack import Options, Stack
from tests.faults import broker, load, mixture, patience
from tests.faults.mixture import Schedule

_SENDS: Final = 400
_PER_SECOND: Final = 100
_LATEST: Final = 600
"""Seconds from a request to its send."""
_LOOKS: Final = 100
_PAUSE: Final = 0.3


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path / "stack", Options(environment=patience.LITTLE)) as running:
        yield running


def _post_sends_of_the_next_minutes(stack: Stack) -> None:
    account = demo.ensure(stack)
    schedule = Schedule(share=1, start=time.time(), per_second=_PER_SECOND, soonest=2, latest=_LATEST)
    planned = list(mixture.plan(account, _SENDS, random.Random(0), schedule))  # noqa: S311 - the same sends each time.
    service = load.Service(base_url=stack.base_url, token=account["token"])
    answers = asyncio.run(load.post_all(service, planned, per_second=_PER_SECOND))
    assert all(answer.accepted for answer in answers)


def test_no_task_lies_beyond_the_horizon(stack: Stack) -> None:
    _post_sends_of_the_next_minutes(stack)
    horizon = timedelta(seconds=float(patience.LITTLE["ANTAR_HORIZON_SECONDS"]))
    distances = []
    for _ in range(_LOOKS):
        found = broker.etas(broker.tasks(stack))
        distances += [eta - datetime.now(UTC) for eta in found]
        time.sleep(_PAUSE)
    assert distances
    assert max(distances) <= horizon
