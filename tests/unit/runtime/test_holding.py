"""Deliveries whose task came too early wait here, and leave at their time or with the process."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from shared import ids, settings
from worker.deliver.claim import Early
from worker.deliver.result import Lineage
from worker.runtime import holding
from worker.runtime.holding import Holding
from worker.runtime.shutdown import Stopping

LINEAGE = Lineage(root_id="root", task_id="task")
BEYOND = settings.Settings.model_fields["horizon_seconds"].default + 0.1


@dataclass
class Published:
    """A publisher that only writes down when it was told what."""

    calls: list[tuple[frozenset[UUID], str, float | None, float]] = field(default_factory=list)

    async def publish(self, delivery_ids: Sequence[UUID], queue: str, countdown: float | None, lineage: Lineage) -> None:
        assert lineage == LINEAGE
        self.calls.append((frozenset(delivery_ids), queue, countdown, asyncio.get_running_loop().time()))


def early(seconds: float, queue: str = "send") -> Early:
    return Early(id=ids.new(), queue=queue, seconds=seconds)


def test_it_is_published_at_its_time_and_not_before() -> None:
    each = early(0.1)

    async def scenario() -> tuple[Published, float]:
        published = Published()
        began = asyncio.get_running_loop().time()
        held = Holding(published, Stopping())  # type: ignore[arg-type]
        held.hold([each], LINEAGE)
        await asyncio.wait_for(held.close(5), 5)
        return published, began

    published, began = asyncio.run(scenario())
    ((delivery_ids, queue, countdown, at),) = published.calls
    assert (delivery_ids, queue, countdown) == (frozenset({each.id}), "send", 0.0)
    assert at - began >= 0.1


def test_what_is_held_at_the_end_is_left_to_others_with_the_rest_of_its_time() -> None:
    async def scenario() -> list[float | None]:
        published, stopping = Published(), Stopping()
        held = Holding(published, stopping)  # type: ignore[arg-type]
        held.hold([early(50.0), early(20.0)], LINEAGE)
        await asyncio.sleep(0.05)
        stopping.set()
        await asyncio.wait_for(held.close(5), 5)
        return [countdown for _, _, countdown, _ in published.calls]

    left = sorted(countdown or 0.0 for countdown in asyncio.run(scenario()))
    assert left == [pytest.approx(20.0, abs=0.3), pytest.approx(50.0, abs=0.3)]


def test_what_lies_beyond_the_horizon_is_not_held() -> None:
    async def scenario() -> Published:
        published, stopping = Published(), Stopping()
        held = Holding(published, stopping)  # type: ignore[arg-type]
        held.hold([early(BEYOND)], LINEAGE)
        stopping.set()
        await held.close(5)
        return published

    assert asyncio.run(scenario()).calls == []


@pytest.mark.parametrize(("seconds", "warned"), [(0.3, False), (30.0, True)])
def test_only_a_clock_that_is_wrong_is_worth_a_word(seconds: float, *, warned: bool) -> None:
    async def scenario() -> None:
        stopping = Stopping()
        stopping.set()
        held = Holding(Published(), stopping)  # type: ignore[arg-type]
        held.hold([early(seconds), early(seconds)], LINEAGE)
        await held.close(5)

    with capture_logs() as lines:
        asyncio.run(scenario())
    assert [(line["event"], line["deliveries"]) for line in lines] == ([("holding.early", 2)] if warned else [])


@given(st.lists(st.builds(early, st.floats(min_value=0, max_value=BEYOND), st.sampled_from(["send", "bulk"]))))
def test_none_waits_too_short_and_none_much_too_long(given_back: list[Early]) -> None:
    groups = holding._grouped(given_back)
    by_id = {each.id: each for each in given_back}
    for (queue, seconds), delivery_ids in groups.items():
        assert {by_id[identifier].queue for identifier in delivery_ids} == {queue}
        assert all(0 < seconds - by_id[identifier].seconds <= 1 / holding._TOGETHER + 1e-9 for identifier in delivery_ids)
    kept = sorted(identifier for delivery_ids in groups.values() for identifier in delivery_ids)
    assert kept == sorted(each.id for each in given_back if each.seconds <= settings.get().horizon_seconds)
