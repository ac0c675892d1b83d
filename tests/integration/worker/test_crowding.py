"""Subscriptions for which too many webhooks wait."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from shared import settings
from shared.domain.webhooks import CROWDED_REASON
from tests.integration.receiver import Receiver, serve
from tests.integration.worker.conftest import Desk, result, until
from tests.integration.worker.posts import Post
from worker import recovery
from worker.runtime.publisher import Publisher
from worker.webhooks import crowding
from worker.webhooks.crowding import Crowding


@pytest.fixture
def post(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Twenty may wait; nobody hears of what is written."""
    current = settings.get().model_copy(update={"most_unposted": 20})
    monkeypatch.setattr(settings, "get", lambda: current)

    async def publish(*_: object) -> None: ...

    monkeypatch.setattr(Publisher, "publish_webhooks", publish)
    return Post(desk=desk)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve() as running:
        yield running


def test_nothing_more_is_written_until_a_tenth_is_gone(post: Post, receiver: Receiver) -> None:
    crowded = post.subscribe(receiver.url).id
    waiting = post.write(20)
    calm = post.subscribe(receiver.url).id

    def hearers() -> set[UUID]:
        """Recover, and give whom an event is written for then."""
        post.desk.runtime.run(recovery.recover(post.desk.process))
        return {post.row(each)["subscription_id"] for each in post.write(1)}

    assert hearers() == {calm}
    row = post.subscription(crowded)
    assert (row["status"], row["status_reason"]) == ("active", CROWDED_REASON)
    post.deliver(waiting[:1])
    assert (post.states(waiting[:1]), hearers()) == (["delivered"], {calm})
    post.deliver(waiting[1:2])
    assert hearers() == {calm, crowded}
    assert post.subscription(crowded)["status_reason"] is None


def test_a_customer_who_wants_it_back_has_its_word_until_it_is_looked_at(post: Post, receiver: Receiver) -> None:
    crowded = post.subscribe(receiver.url).id
    post.write(20)
    for reason in (CROWDED_REASON, CROWDED_REASON):
        post.desk.runtime.run(crowding.mark(post.desk.process.engine))
        assert post.subscription(crowded)["status_reason"] == reason
        post.change(crowded, status="active")
        assert len(post.write(1)) == 1


def test_who_writes_looks_himself(post: Post, receiver: Receiver) -> None:
    """Also where no worker recovers."""
    crowded = post.subscribe(receiver.url).id
    post.write(20)
    desk = post.desk

    desk.process.writer._crowding._next = 0.0
    claimed = [desk.claimed() for _ in range(2)]

    async def write() -> None:
        for each in claimed:
            await desk.process.writer.write(result(each))
            await until(lambda: post.subscription(crowded)["status_reason"] == CROWDED_REASON)

    desk.runtime.run(asyncio.wait_for(write(), 30))
    assert post.write(1) == []


def test_it_is_looked_once_in_a_while_and_told_when_it_cannot_be(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    async def fail(_: object) -> None:
        nonlocal looks
        looks += 1
        raise OSError

    monkeypatch.setattr(crowding, "mark", fail)

    async def scenario() -> None:
        own = Crowding(post.desk.process.engine)
        for _ in range(5):
            own.look()
            await asyncio.sleep(0.01)
        own.close()
        own.look()
        await asyncio.sleep(0.01)

    with capture_logs() as logs:
        post.desk.runtime.run(scenario())
    assert (looks, [each["event"] for each in logs]) == (1, ["webhook.not_counted"])
