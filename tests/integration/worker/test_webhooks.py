"""Webhooks to customers, posted to a real server: heard, tried again, given up, and what a subscription makes of it."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from shared import ids, vault
from shared.db.tables import webhook_deliveries
from shared.domain.webhooks import DISABLED_REASON
from shared.management import webhooks
from tests import signature
from tests.acceptance.backend import await_true
from tests.integration.receiver import Receiver, serve
from tests.integration.worker.conftest import Desk
from tests.integration.worker.posts import Post
from tests.unit.domain.test_webhooks import TABLE
from worker import recovery
from worker.runtime.publisher import Publisher
from worker.webhooks import delivery, posting, turns
from worker.webhooks.posting import Poster


@pytest.fixture
def post(desk: Desk) -> Post:
    return Post(desk=desk)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve() as running:
        yield running


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, float]]:
    """What would be published, and for in how many seconds: the tests run the tasks themselves."""
    said: list[tuple[UUID, float]] = []

    async def publish(_: Publisher, webhook_ids: list[UUID], seconds: float = 0.0) -> None:
        said.extend((each, seconds) for each in webhook_ids)

    monkeypatch.setattr(Publisher, "publish_webhooks", publish)
    return said


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt takes no more than a moment."""
    monkeypatch.setattr(posting, "SECONDS", 0.3)


def test_a_webhook_is_posted_as_the_contract_has_it(post: Post, receiver: Receiver) -> None:
    secret = post.subscribe(receiver.url).secrets[0].secret
    body = {"z": 1, "a": ["héllo", 1.50, None], "entry": []}
    (made,) = post.write(body=body)
    post.deliver([made])
    (got,) = receiver.got
    row = post.row(made)
    assert {name: got.headers[name] for name in got.headers if name.startswith("X-Kirim-")} == {
        "X-Kirim-Source": "meta",
        "X-Kirim-Event": "message.status",
        "X-Kirim-Event-Id": row["event_id"],
        "X-Kirim-Delivery-Id": ids.encode(ids.WEBHOOK, made),
        "X-Kirim-Attempt": "1",
        "X-Kirim-Signature": got.headers["X-Kirim-Signature"],
    }
    assert (got.headers["Content-Type"], got.headers["User-Agent"]) == ("application/json", "Kirim-Webhook/1.0")
    assert got.body == b'{"z": 1, "a": ["h\\u00e9llo", 1.5, null], "entry": []}'
    assert signature.is_valid(secret, got.headers, got.body, time.time())
    assert (row["state"], row["attempts"], row["response_status"], row["error"]) == ("delivered", 1, 200, None)
    assert row["ended_at"] is not None
    assert row["next_attempt_at"] is None


def test_each_subscription_hears_what_it_wants_of_its_own_account(post: Post, receiver: Receiver) -> None:
    wanted = post.subscribe(receiver.url)
    post.subscribe(receiver.url, ["message.received"])
    (made,) = post.write()
    assert post.row(made)["subscription_id"] == wanted.id


@pytest.mark.parametrize(
    ("answer", "state", "status", "error"),
    [
        (204, "delivered", 204, None),
        (302, "failed", 302, "http_status"),
        (404, "dead", 404, "http_status"),
        (408, "failed", 408, "http_status"),
        (500, "failed", 500, "http_status"),
        ("reset", "failed", None, "connection_failed"),
        ("garbage", "failed", None, "answer_unreadable"),
        ("hang", "failed", None, "timeout"),
        ("endless", "delivered", 200, None),
    ],
)
@pytest.mark.usefixtures("_impatient")
def test_every_way_to_answer(
    post: Post, receiver: Receiver, answer: Any, state: str, status: int | None, error: str | None
) -> None:
    receiver.plan, receiver.headers = [answer], {"Location": "/elsewhere"}
    post.subscribe(receiver.url)
    (made,) = post.write()
    post.deliver([made])
    row = post.row(made)
    assert (row["state"], row["attempts"], row["response_status"], row["error"]) == (state, 1, status, error)
    assert (row["next_attempt_at"] is None, row["ended_at"] is None) == (state != "failed", state == "failed")
    assert [got.path for got in receiver.got] == ["/hooks"]


@pytest.mark.parametrize(
    ("url", "state", "error"),
    [
        ("http://127.0.0.1:1/", "failed", "connection_failed"),
        ("http://nobody.invalid/", "failed", "name_not_found"),
        ("https://127.0.0.1:{port}/", "failed", "tls_failed"),
        ("http://10.0.0.1/", "dead", "address_refused"),
        ("http://[fd00::1]:{port}/", "dead", "address_refused"),
        ("http://2130706433:{port}/", "dead", "url_not_usable"),
        ("http://[/", "dead", "url_not_usable"),
    ],
)
def test_every_way_not_to_get_there(post: Post, receiver: Receiver, url: str, state: str, error: str) -> None:
    post.set(post.subscribe(receiver.url).id, url=url.format(port=receiver.port))
    (made,) = post.write()
    post.deliver([made])
    row = post.row(made)
    assert (row["state"], row["response_status"], row["error"]) == (state, None, error)
    assert receiver.got == []


def test_what_no_operator_allows_is_not_reached(post: Post, receiver: Receiver) -> None:
    post.subscribe(receiver.url)
    (made,) = post.write()

    async def deliver_strictly() -> None:
        strict = Poster(())
        await delivery.deliver(replace(post.desk.process, poster=strict), [made])
        await post.desk.process.posts.wait(30)
        await strict.close()

    post.desk.runtime.run(deliver_strictly())
    assert (post.row(made)["state"], post.row(made)["error"]) == ("dead", "address_refused")
    assert receiver.got == []


def test_a_webhook_that_is_not_heard_is_tried_for_a_day_and_a_half(
    post: Post, receiver: Receiver, published: list[tuple[UUID, float]]
) -> None:
    receiver.plan = [500] * 9
    post.subscribe(receiver.url)
    (made,) = post.write()
    for seconds in TABLE:
        post.deliver([made])
        assert 0.79 * seconds - 5 <= post.wait_of(made) <= 1.2 * seconds
        assert post.states([made]) == ["failed"]
        post.deliver([made])
        post.let_pass([made], 1.2 * seconds)
    post.deliver([made])
    row = post.row(made)
    assert (row["state"], row["attempts"], row["next_attempt_at"]) == ("dead", 8, None)
    post.deliver([made])
    assert [got.headers["X-Kirim-Attempt"] for got in receiver.got] == list("12345678")
    assert len({got.headers["X-Kirim-Event-Id"] for got in receiver.got}) == 1
    assert all(seconds <= 8 for _, seconds in published)


def test_what_is_soon_tried_again_is_published_for_then(
    post: Post, receiver: Receiver, published: list[tuple[UUID, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "random", replace_random(0.0))
    receiver.plan = [500, 500]
    post.subscribe(receiver.url)
    (made,) = post.write()
    post.deliver([made])
    assert published == [(made, 8)]
    post.let_pass([made], 9)
    post.deliver([made])
    assert published == [(made, 8)]
    assert 18 <= post.wait_of(made) <= 24


def replace_random(chance: float) -> Any:
    """Give what stands in for the module: no chance is left."""
    return type("Random", (), {"random": staticmethod(lambda: chance)})


def test_who_asks_for_a_pause_gets_it(post: Post, receiver: Receiver) -> None:
    receiver.plan, receiver.headers = [429], {"Retry-After": "300"}
    post.subscribe(receiver.url)
    (made,) = post.write()
    post.deliver([made])
    assert 290 <= post.wait_of(made) <= 300


def test_faults_then_success(post: Post, receiver: Receiver) -> None:
    receiver.plan = [500, "reset"]
    subscription = post.subscribe(receiver.url)
    (made,) = post.write()
    post.set(subscription.id, consecutive_failures=19)
    for _ in range(3):
        post.deliver([made])
        post.let_pass([made])
    assert (post.row(made)["state"], post.row(made)["attempts"]) == ("delivered", 3)
    assert post.subscription(subscription.id)["consecutive_failures"] == 0
    assert len({got.body for got in receiver.got}) == 1


def test_tasks_that_come_twice_post_once(post: Post, receiver: Receiver) -> None:
    post.subscribe(receiver.url)
    made = post.write(5)

    async def deliver_twice() -> None:
        await asyncio.gather(*(delivery.deliver(post.desk.process, made) for _ in range(3)))

    post.desk.runtime.run(deliver_twice())
    post.end()
    post.deliver(made)
    assert len(receiver.got) == 5
    assert post.states(made) == ["delivered"] * 5


def test_an_attempt_that_nobody_recorded_is_followed_by_another(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: Any) -> None:
        await asyncio.sleep(0)
        raise ConnectionError

    post.subscribe(receiver.url)
    (made,) = post.write()
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "record", die)
        post.deliver([made])
    post.deliver([made])
    assert (len(receiver.got), post.states([made])) == (1, ["pending"])
    assert 50 <= post.wait_of(made) <= 60
    post.let_pass([made], 60)
    post.deliver([made])
    assert [got.headers["X-Kirim-Attempt"] for got in receiver.got] == ["1", "2"]
    assert len({got.headers["X-Kirim-Event-Id"] for got in receiver.got}) == 1
    assert post.states([made]) == ["delivered"]


def test_a_worker_that_dies_in_the_last_attempt_leaves_no_more(post: Post, receiver: Receiver) -> None:
    subscription = post.subscribe(receiver.url)
    (made,) = post.write(state="failed", attempts=8)
    post.deliver([made])
    row = post.row(made)
    assert (row["state"], row["attempts"], row["error"]) == ("dead", 8, "worker_lost")
    assert post.subscription(subscription.id)["consecutive_failures"] == 1
    assert receiver.got == []


def test_a_late_record_changes_nothing_of_what_was_replayed(post: Post, receiver: Receiver) -> None:
    post.subscribe(receiver.url)
    (made,) = post.write(attempts=2)
    (claimed,) = post.desk.runtime.run(delivery.claim(post.desk.process.engine, [made]))
    attempted = post.desk.runtime.run(delivery._attempt(post.desk.process.poster, claimed))
    post.replay(made)
    post.desk.runtime.run(delivery.record(post.desk.process.engine, [attempted]))
    assert (post.row(made)["state"], post.row(made)["attempts"]) == ("pending", 0)


def test_twenty_that_are_not_heard_in_a_row_disable_a_subscription(post: Post, receiver: Receiver) -> None:
    receiver.plan = [404] * 20
    subscription = post.subscribe(receiver.url)
    post.deliver(post.write(19))
    assert post.subscription(subscription.id)["status"] == "active"
    last, waiting = post.write(2)
    post.deliver([last])
    row = post.subscription(subscription.id)
    assert (row["status"], row["status_reason"], row["consecutive_failures"]) == ("disabled", DISABLED_REASON, 20)
    post.deliver([waiting])
    assert (len(receiver.got), post.row(waiting)["attempts"]) == (20, 0)
    assert post.write() == []
    post.change(subscription.id, status="active")
    row = post.subscription(subscription.id)
    assert (row["status"], row["status_reason"], row["consecutive_failures"]) == ("active", None, 0)
    post.deliver([waiting])
    assert post.states([last, waiting]) == ["dead", "delivered"]


def test_one_that_is_heard_between_begins_the_count_anew(post: Post, receiver: Receiver) -> None:
    receiver.plan = [404] * 19 + [200] + [404] * 19
    subscription = post.subscribe(receiver.url)
    for made in post.write(39):
        post.deliver([made])
    row = post.subscription(subscription.id)
    assert (row["status"], row["consecutive_failures"]) == ("active", 19)


def test_what_is_only_tried_again_is_not_counted(post: Post, receiver: Receiver) -> None:
    receiver.plan = [500] * 25
    subscription = post.subscribe(receiver.url)
    post.deliver(post.write(25))
    assert post.subscription(subscription.id)["consecutive_failures"] == 0


def test_every_active_secret_signs(post: Post, receiver: Receiver) -> None:
    subscription = post.subscribe(receiver.url)
    first = subscription.secrets[0].secret

    def rotate(hours: int) -> str:
        with post.desk.database.begin() as connection:
            made = webhooks.add_secret(connection, post.desk.account_id, subscription.id, timedelta(hours=hours))
        return made.secret

    second = rotate(24)
    post.deliver(post.write())
    third = rotate(0)
    post.deliver(post.write())
    valid = [
        [signature.is_valid(each, got.headers, got.body, time.time()) for each in (first, second, third)] for got in receiver.got
    ]
    assert valid == [[True, True, False], [False, False, True]]
    assert [got.headers["X-Kirim-Signature"].count("v1=") for got in receiver.got] == [2, 1]


def test_secrets_that_cannot_be_read_post_nothing_unsigned(post: Post, receiver: Receiver) -> None:
    subscription = post.subscribe(receiver.url)
    post.set(subscription.id, secrets=vault.get().encrypt(ids.new(), {"secrets": []}))
    (made,) = post.write()
    post.deliver([made])
    assert (post.row(made)["state"], post.row(made)["error"]) == ("failed", "secrets_unreadable")
    assert receiver.got == []


def test_a_slow_receiver_keeps_nobody_else_waiting(post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0.1)
    with serve(plan=["hang"] * 100) as slow:
        post.subscribe(slow.url)
        post.subscribe(receiver.url)
        made = post.write(30)
        post.begin(made)
        await_true(lambda: len(receiver.got) == 30)
        await_true(lambda: len(slow.got) == 10)
        await_true(lambda: [post.row(each)["attempts"] for each in made].count(0) == 20)
        slow.ended.set()
        post.end()
    rows = [post.row(each) for each in made]
    states = [(row["state"], row["attempts"]) for row in rows]
    assert (states.count(("delivered", 1)), states.count(("failed", 1)), states.count(("pending", 0))) == (30, 10, 20)
    assert all(row["next_attempt_at"] is not None for row in rows if row["state"] == "pending")


def test_recovery_publishes_what_is_due_of_each_subscription(
    post: Post, receiver: Receiver, published: list[tuple[UUID, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_OF_ONE", 3)
    with post.desk.database.begin() as connection:
        connection.execute(update(webhook_deliveries).values(next_attempt_at=None))
    busy, calm, off = (post.subscribe(receiver.url) for _ in range(3))
    post.write(5, published_at=lost())
    post.set(busy.id, events=[])
    (one,) = [each for each in post.write(1, published_at=lost()) if post.row(each)["subscription_id"] == calm.id]
    post.set(off.id, status="disabled")

    def found() -> list[UUID]:
        published.clear()
        post.desk.runtime.run(recovery.recover(post.desk.process))
        return sorted(post.row(each)["subscription_id"] for each, _ in published)

    assert found() == sorted([busy.id] * 3 + [calm.id] * 3)
    assert found() == sorted([busy.id] * 2 + [calm.id] * 3)
    assert published[-1] == (one, 0.0) or (one, 0.0) in published
    assert found() == []


def lost() -> Any:
    """Give a moment before the patience of recovery."""
    return webhook_deliveries.c.created_at - timedelta(hours=1)


def test_recovery_leaves_alone_what_was_just_published_or_is_not_due(
    post: Post, receiver: Receiver, published: list[tuple[UUID, float]]
) -> None:
    post.subscribe(receiver.url)
    with post.desk.database.begin() as connection:
        connection.execute(update(webhook_deliveries).values(next_attempt_at=None))
    post.write()
    later = post.write(state="failed", attempts=3, published_at=lost())
    post.let_pass(later, -100)
    post.desk.runtime.run(recovery.recover(post.desk.process))
    assert published == []
    post.let_pass(later, 101)
    post.desk.runtime.run(recovery.recover(post.desk.process))
    assert published == [(later[0], 0.0)]
