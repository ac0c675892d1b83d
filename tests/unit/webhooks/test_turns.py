"""One slow receiver takes its own turns, and nobody else's."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import pytest

from shared import ids
from worker.webhooks import turns
from worker.webhooks.turns import Turns


class Post:
    """One that takes a turn and holds it until it is told to end."""

    def __init__(self, line: Turns, subscription_id: UUID) -> None:
        self.end = asyncio.Event()
        self.taken: bool | None = None
        self._task = asyncio.create_task(self._run(line, subscription_id))

    async def _run(self, line: Turns, subscription_id: UUID) -> None:
        async with line.take(subscription_id) as self.taken:
            if self.taken:
                await self.end.wait()

    async def ended(self) -> bool | None:
        self.end.set()
        await self._task
        return self.taken


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def run(scenario: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await scenario

    asyncio.run(bounded())


def test_so_many_of_one_subscription_have_a_turn_and_the_next_waits() -> None:
    async def scenario() -> None:
        line, slow, other = Turns(), ids.new(), ids.new()
        posts = [Post(line, slow) for _ in range(11)]
        elsewhere = Post(line, other)
        await _settle()
        assert [post.taken for post in posts] == [True] * 10 + [None]
        assert elsewhere.taken
        await posts[0].ended()
        await _settle()
        assert posts[10].taken
        assert [await post.ended() for post in [*posts, elsewhere]] == [True] * 12
        assert line._lines == {}

    run(scenario())


def test_a_turn_that_does_not_come_soon_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0.01)

    async def scenario() -> None:
        line, slow = Turns(), ids.new()
        posts = [Post(line, slow) for _ in range(10)]
        await _settle()
        assert await Post(line, slow).ended() is False
        assert [await post.ended() for post in posts] == [True] * 10
        assert await Post(line, slow).ended()
        assert line._lines == {}

    run(scenario())


def test_a_long_line_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_WAITING", 2)

    async def scenario() -> None:
        line, slow = Turns(), ids.new()
        posts = [Post(line, slow) for _ in range(12)]
        await _settle()
        assert await Post(line, slow).ended() is False
        assert [await post.ended() for post in posts] == [True] * 12

    run(scenario())


def test_a_process_has_so_many_connections_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_OF_ALL", 3)
    monkeypatch.setattr(turns, "_PATIENCE", 0.01)

    async def scenario() -> None:
        line = Turns()
        posts = [Post(line, ids.new()) for _ in range(3)]
        await _settle()
        assert await Post(line, ids.new()).ended() is False
        assert [await post.ended() for post in posts] == [True] * 3

    run(scenario())
