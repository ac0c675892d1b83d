"""What only waits ends its wait when the process is to stop."""

import asyncio
import time

import pytest

from worker.runtime.shutdown import InFlight, Stopping

LONG = 60.0


def test_a_sleep_that_nobody_disturbs_is_slept() -> None:
    async def scenario() -> tuple[bool, float]:
        began = time.monotonic()
        return await Stopping().sleep(0.02), time.monotonic() - began

    slept, seconds = asyncio.run(scenario())
    assert slept
    assert seconds >= 0.02


def test_the_end_wakes_all_that_sleep() -> None:
    async def scenario() -> list[bool | None]:
        stopping = Stopping()
        asyncio.get_running_loop().call_later(0.01, stopping.set)
        return await asyncio.wait_for(asyncio.gather(*(stopping.sleep(LONG) for _ in range(3)), stopping.wait()), LONG / 2)

    assert asyncio.run(scenario()) == [False, False, False, None]


def test_who_comes_after_the_end_does_not_sleep() -> None:
    async def scenario() -> tuple[bool, bool, bool]:
        stopping = Stopping()
        before = bool(stopping)
        stopping.set()
        return before, bool(stopping), await asyncio.wait_for(stopping.sleep(LONG), LONG / 2)

    assert asyncio.run(scenario()) == (False, True, False)


def test_claims_are_counted_while_they_are_worked_on() -> None:
    in_flight = InFlight()
    with in_flight.of([1, 2]):
        with in_flight.of([3]):
            assert in_flight.count == 3
        assert in_flight.count == 2
    assert in_flight.count == 0


def test_claims_whose_work_fails_are_counted_no_longer() -> None:
    in_flight = InFlight()
    with pytest.raises(LookupError), in_flight.of([1, 2]):
        raise LookupError
    assert in_flight.count == 0
