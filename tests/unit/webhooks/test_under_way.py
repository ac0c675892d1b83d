"""Posts that are under way are waited for by nobody but a process that ends."""

import asyncio

from structlog.testing import capture_logs

from worker.webhooks.under_way import UnderWay


def test_what_is_under_way_is_waited_for_and_what_is_late_is_left() -> None:
    ended: list[str] = []

    async def post(name: str, end: asyncio.Event) -> None:
        await end.wait()
        ended.append(name)

    async def scenario() -> None:
        posts, end = UnderWay(), asyncio.Event()
        await posts.wait(1)
        posts.begin(post("soon", end))
        posts.begin(post("never", asyncio.Event()))
        assert ended == []
        end.set()
        await posts.wait(0.2)
        for _ in range(5):
            await asyncio.sleep(0)
        assert posts._tasks == set()

    asyncio.run(scenario())
    assert ended == ["soon"]


def test_what_fails_is_told_and_fails_nothing_else() -> None:
    reason = "postgres is away"

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ConnectionError(reason)

    async def scenario() -> None:
        posts = UnderWay()
        posts.begin(fail())
        posts.begin(asyncio.sleep(0))
        await posts.wait(10)
        await asyncio.sleep(0)

    with capture_logs() as logs:
        asyncio.run(scenario())
    assert [(entry["event"], entry["error"]) for entry in logs] == [("webhook.failed", "ConnectionError")]
    assert reason not in str(logs)
