"""Gathering: one question for all who ask while an answer is on its way, and each its own answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from worker.runtime.gathering import Gathering

_SECONDS = 10.0
_MOST = 5


class Poison(Exception):
    """What an item does to the question that holds it."""


class Away(Exception):
    """Nobody answers, whatever is asked."""


@dataclass
class Oracle:
    """Doubles numbers, when it is let."""

    asked: list[list[int]] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)
    second: asyncio.Event = field(default_factory=asyncio.Event)
    away: bool = False

    async def ask(self, items: Sequence[int]) -> list[int]:
        self.asked.append(list(items))
        if len(self.asked) > 1:
            self.second.set()
        await self.let.wait()
        if self.away:
            raise Away
        if 0 in items:
            raise Poison
        return [2 * item for item in items]


def play(scenario: Callable[[Oracle, Gathering[int, int]], Awaitable[None]]) -> Oracle:
    async def run() -> Oracle:
        oracle = Oracle()
        gathering = Gathering[int, int](oracle.ask, _MOST, is_shared=lambda error: isinstance(error, Away))
        await asyncio.wait_for(scenario(oracle, gathering), _SECONDS)
        return oracle

    return asyncio.run(run())


async def begin(gathering: Gathering[int, int], *questions: Sequence[int]) -> list[asyncio.Task[Sequence[int]]]:
    """Let each ask, in their order."""
    tasks = [asyncio.create_task(gathering.answers(each)) for each in questions]
    await asyncio.sleep(0)
    return tasks


def test_who_is_alone_asks_at_once() -> None:
    async def scenario(oracle: Oracle, gathering: Gathering[int, int]) -> None:
        oracle.let.set()
        assert await gathering.answers([1, 2]) == [2, 4]
        assert await gathering.answers([3]) == [6]

    assert play(scenario).asked == [[1, 2], [3]]


def test_who_comes_meanwhile_asks_together_and_gets_its_own() -> None:
    async def scenario(oracle: Oracle, gathering: Gathering[int, int]) -> None:
        tasks = await begin(gathering, [1], [2, 3], [], [4])
        oracle.let.set()
        assert await asyncio.gather(*tasks) == [[2], [4, 6], [], [8]]
        assert await gathering.answers([5]) == [10]

    assert play(scenario).asked == [[1], [2, 3, 4], [5]]


@pytest.mark.parametrize(
    ("questions", "asked"),
    [
        ([[1], [2, 3, 4], [5, 6], [7]], [[1], [2, 3, 4, 5, 6], [7]]),
        ([[1], [2, 3, 4], [5, 6, 7], [8, 9]], [[1], [2, 3, 4], [5, 6, 7, 8, 9]]),
        ([[1], list(range(2, 10)), [10]], [[1], list(range(2, 10)), [10]]),
    ],
)
def test_not_more_are_asked_for_at_once_than_may_be_and_all_in_their_order(
    questions: list[list[int]], asked: list[list[int]]
) -> None:
    async def scenario(oracle: Oracle, gathering: Gathering[int, int]) -> None:
        tasks = await begin(gathering, *questions)
        oracle.let.set()
        assert await asyncio.gather(*tasks) == [[2 * item for item in each] for each in questions]

    assert play(scenario).asked == asked


def test_an_answer_that_does_not_come_is_passed() -> None:
    async def scenario(oracle: Oracle, gathering: Gathering[int, int]) -> None:
        tasks = await begin(gathering, [1], [2], [3])
        await oracle.second.wait()
        oracle.let.set()
        assert await asyncio.gather(*tasks) == [[2], [4], [6]]

    assert play(scenario).asked == [[1], [2, 3]]


def test_what_cannot_be_asked_stops_only_whom_it_concerns() -> None:
    async def scenario(oracle: Oracle, gathering: Gathering[int, int]) -> None:
        tasks = await begin(gathering, [1], [2], [0, 3], [4])
        oracle.let.set()
        first, second, poisoned, last = await asyncio.gather(*tasks, return_exceptions=True)
        assert (first, second, last) == ([2], [4], [8])
        assert isinstance(poisoned, Poison)

    assert play(scenario).asked == [[1], [2, 0, 3, 4], [2], [0, 3], [4]]


def test_what_says_nothing_of_an_item_is_told_to_all_and_not_asked_again() -> None:
    async def scenario(oracle: Oracle, gathering: Gathering[int, int]) -> None:
        tasks = await begin(gathering, [1], [2], [3])
        oracle.away = True
        oracle.let.set()
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in errors] == [Away] * 3
        oracle.away = False
        assert await gathering.answers([4]) == [8]

    assert play(scenario).asked == [[1], [2, 3], [4]]


def test_who_gave_up_waiting_holds_up_nobody() -> None:
    async def scenario(oracle: Oracle, gathering: Gathering[int, int]) -> None:
        tasks = await begin(gathering, [1], [2], [3])
        tasks[0].cancel()
        tasks[1].cancel()
        oracle.let.set()
        assert await tasks[2] == [6]
        assert await gathering.answers([4]) == [8]

    assert play(scenario).asked == [[1], [2, 3], [4]]
