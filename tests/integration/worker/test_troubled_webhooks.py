"""Webhooks to customers under strain: receivers that hang, backlogs of many, and replays that cross an attempt."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from shared.db.tables import webhook_deliveries
from tests.acceptance.backend import await_true
from tests.integration.receiver import Receiver, serve
from tests.integration.worker.conftest import Desk
from tests.integration.worker.posts import Post
from worker import recovery
from worker.runtime.publisher import Publisher
from worker.webhooks import delivery


@pytest.fixture
def post(desk: Desk) -> Post:
    return Post(desk=desk)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve() as running:
        yield running


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    said: list[UUID] = []

    async def publish(_: Publisher, webhook_ids: list[UUID], seconds: float = 0.0) -> None:
        del seconds
        said.extend(webhook_ids)

    monkeypatch.setattr(Publisher, "publish_webhooks", publish)
    return said


def test_no_thread_of_the_pool_waits_for_a_receiver(post: Post) -> None:
    with serve(plan=["hang"]) as slow:
        post.subscribe(slow.url)
        (made,) = post.write()
        post.begin([made])
        await_true(lambda: len(slow.got) == 1)
        assert post.states([made]) == ["pending"]
        slow.ended.set()
        post.end()
    assert post.states([made]) == ["failed"]


def test_of_many_backlogs_none_keeps_a_later_subscription_from_its_turn(
    post: Post, receiver: Receiver, published: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_OF_ONE", 2)
    monkeypatch.setattr(recovery, "_LIMIT", 2)
    lost = webhook_deliveries.c.created_at - timedelta(hours=1)
    with post.desk.database.begin() as connection:
        connection.execute(update(webhook_deliveries).values(next_attempt_at=None))
    busy = post.subscribe(receiver.url)
    post.write(100, published_at=lost)
    post.set(busy.id, events=[])
    post.subscribe(receiver.url)
    (calm,) = post.write(1, published_at=lost)
    for _ in range(40):
        post.desk.runtime.run(recovery.recover(post.desk.process))
    assert calm in published


def test_an_attempt_that_a_replay_has_overtaken_says_nothing_of_the_replayed_one(post: Post, receiver: Receiver) -> None:
    receiver.plan = [404, 200]
    post.subscribe(receiver.url)
    (made,) = post.write()
    attempted = []
    for _ in range(2):
        post.replay(made)
        (claimed,) = post.desk.runtime.run(delivery.claim(post.desk.process.engine, [made]))
        attempted.append(post.desk.runtime.run(delivery._attempt(post.desk.process.poster, claimed)))
    for each in attempted:
        post.desk.runtime.run(delivery.record(post.desk.process.engine, [each]))
    assert (post.row(made)["state"], post.row(made)["response_status"]) == ("delivered", 200)


def test_what_was_replayed_while_it_waited_for_its_turn_is_not_given_back(post: Post, receiver: Receiver) -> None:
    post.subscribe(receiver.url)
    (made,) = post.write()
    engine = post.desk.process.engine
    (waiting,) = post.desk.runtime.run(delivery.claim(engine, [made]))
    post.replay(made)
    (posted,) = post.desk.runtime.run(delivery.claim(engine, [made]))
    post.desk.runtime.run(delivery._give_back(engine, [waiting]))
    assert (post.row(made)["attempts"], post.row(made)["next_attempt_at"]) == (1, posted.lease)
    post.desk.runtime.run(delivery._give_back(engine, [posted]))
    assert post.row(made)["attempts"] == 0
