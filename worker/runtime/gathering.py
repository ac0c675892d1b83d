"""Natural batching: whatever is asked for while an answer is on its way is asked for together next.

There is no timer: on an idle system everybody asks at once, and under load the time of one answer gathers the next question, which
costs little more for many than for one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_HELD_UP: Final = 0.1
"""Seconds after which an answer waits for more than its own work, a lock for example: the others go past it then."""


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Item, Answer]):
    items: Sequence[Item]
    answers: "asyncio.Future[Sequence[Answer]]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Gathering(Generic[Item, Answer]):
    """Asks one question for several, each with some items. One per process and question, on its event loop."""

    def __init__(
        self, ask: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], most: int, is_shared: Callable[[Exception], bool]
    ) -> None:
        """``ask`` gives an answer for each item, in their order; at ``most`` so many are gathered.

        An error that ``is_shared`` says nothing of a single item; any other stops only whom it concerns.
        """
        self._ask = ask
        self._most = most
        self._is_shared = is_shared
        self._waiting: deque[_Asked[Item, Answer]] = deque()
        self._asking = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def answers(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Give the answers for some items. Raises what asking raises."""
        if not self._asking:
            return await self._lead(items)
        asked: _Asked[Item, Answer] = _Asked(items)
        self._waiting.append(asked)
        return await asked.answers

    async def _lead(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Ask, and let the next ask when the answer is there, or takes too long."""
        self._asking = True
        held_up = _Once(self._next)
        timer = asyncio.get_running_loop().call_later(_HELD_UP, held_up)
        try:
            return await self._ask(items)
        finally:
            timer.cancel()
            held_up()

    def _next(self) -> None:
        self._asking = bool(self._waiting)
        if self._waiting:
            task = asyncio.create_task(self._answer(self._gather()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _gather(self) -> list[_Asked[Item, Answer]]:
        gathered = [self._waiting.popleft()]
        room = self._most - len(gathered[0].items)
        while self._waiting and len(self._waiting[0].items) <= room:
            gathered.append(self._waiting.popleft())
            room -= len(gathered[-1].items)
        return gathered

    async def _answer(self, gathered: Sequence[_Asked[Item, Answer]]) -> None:
        try:
            answers = await self._lead([item for each in gathered for item in each.items])
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for.
            await self._answer_apart(gathered, error)
        else:
            start = 0
            for each in gathered:
                _settle(each, answers[start : start + len(each.items)])
                start += len(each.items)

    async def _answer_apart(self, gathered: Sequence[_Asked[Item, Answer]], error: Exception) -> None:
        for each in gathered:
            try:
                _settle(each, error if self._is_shared(error) else await self._ask(each.items))
            except Exception as own:  # noqa: BLE001 - likewise.
                _settle(each, own)


def _settle(asked: _Asked[Item, Answer], answer: Sequence[Answer] | Exception) -> None:
    """Answer whoever still waits."""
    if asked.answers.done():
        return
    if isinstance(answer, Exception):
        asked.answers.set_exception(answer)
    else:
        asked.answers.set_result(answer)


class _Once:
    """Does something the first time it is called."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do: Callable[[], None] | None = do

    def __call__(self) -> None:
        do, self._do = self._do, None
        if do is not None:
            do()
