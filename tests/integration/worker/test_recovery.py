"""Recovery: what a crash left lying is found, and what is only slow is left alone."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
import redis
from celery import Celery
from sqlalchemy import select, text, update

from deploy.local.stack import Stack
from shared import ids, queues, settings
from shared.db.tables import deliveries, quarantine, sends
from shared.domain.channels import Channel
from shared.domain.outcome import Sent
from shared.domain.states import OnUnknown
from shared.queues import Queue
from tests.integration.worker.conftest import Desk, later, result
from worker import recovery
from worker.deliver import claim as claims
from worker.deliver import record
from worker.runtime.journal import Journal

AN_HOUR = 3600.0


@pytest.fixture(autouse=True)
def _nothing_else_to_find(desk: Desk) -> None:
    """What other tests left open in the same database is no concern of these."""
    with desk.database.begin() as connection:
        ended = "UPDATE deliveries SET state = 'failed', claim_id = NULL, lease_until = NULL WHERE state IN ('queued', 'claimed')"
        connection.execute(text(ended))
        connection.execute(text("UPDATE sends SET state = 'failed' WHERE state = 'running'"))
    recovery._sweep.after = UUID(int=0)


def recover(desk: Desk) -> None:
    desk.runtime.run(recovery.recover(desk.process))


def old(desk: Desk, made: Sequence[UUID], **values: Any) -> Sequence[UUID]:
    """Let a send be an hour old, and its deliveries be as they are said to."""
    with desk.database.begin() as connection:
        connection.execute(update(sends).where(sends.c.id == ids.send_of(made[0])).values(created_at=later(-AN_HOUR)))
        if values:
            connection.execute(update(deliveries).where(deliveries.c.id.in_(made)).values(**values))
    return made


def send_state(desk: Desk, delivery_id: UUID) -> str:
    with desk.database.connect() as connection:
        return str(connection.execute(select(sends.c.state).where(sends.c.id == ids.send_of(delivery_id))).scalar_one())


def test_a_running_send_for_which_nobody_works_is_settled(desk: Desk, published: list[UUID]) -> None:
    key_id = desk.key()
    made = desk.send(*((Channel.TELEGRAM, tier, key_id) for tier in (0, 1)), state="failed")
    recover(desk)
    assert (desk.state(made[1]), published) == ("waiting", [])
    old(desk, made)
    recover(desk)
    assert (desk.state(made[1]), published) == ("queued", made[1:])


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"state": "sent"}, "sent"),
        ({"state": "unknown"}, "unknown"),
        ({"state": "unknown", "held": True}, "running"),
        ({"state": "queued"}, "running"),
        ({"state": "queued", "not_before": later(AN_HOUR)}, "running"),
    ],
)
@pytest.mark.usefixtures("published")
def test_a_send_that_waits_for_a_worker_or_a_person_is_left_alone(desk: Desk, columns: dict[str, Any], state: str) -> None:
    (made,) = old(desk, desk.send((Channel.TELEGRAM, 0, desk.key())), **columns)
    recover(desk)
    assert send_state(desk, made) == state


def test_more_than_one_run_can_look_at_is_found_by_the_next_ones(
    desk: Desk, published: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those at the front wait for a person, and must not hide what comes after them."""
    monkeypatch.setattr(recovery, "_SWEPT", 2)
    key_id = desk.key()
    waiting = [old(desk, desk.send((Channel.TELEGRAM, 0, key_id)), state="unknown", held=True)[0] for _ in range(3)]
    (stranded,) = old(desk, desk.send((Channel.TELEGRAM, 0, key_id)), state="sent")
    recover(desk)
    assert send_state(desk, stranded) == "running"
    recover(desk)
    assert send_state(desk, stranded) == "sent"
    assert {send_state(desk, each) for each in waiting} == {"running"}
    assert published == []


def lost(desk: Desk, seconds: float, **columns: Any) -> UUID:
    """Commit a send whose task went missing so many seconds ago."""
    times = {"queued_at": later(-seconds), "published_at": later(-seconds), **columns}
    (made,) = old(desk, desk.send((Channel.TELEGRAM, 0, desk.key())), **times)
    return made


def test_a_queued_delivery_that_nobody_took_is_published_again_once_in_a_while(desk: Desk, published: list[UUID]) -> None:
    made = lost(desk, settings.get().republish_after + 1)
    recover(desk)
    recover(desk)
    assert published == [made]


def test_what_is_young_early_or_far_off_is_not_missed(desk: Desk, published: list[UUID]) -> None:
    after = settings.get().republish_after
    lost(desk, after / 2)
    lost(desk, AN_HOUR, not_before=later(1))
    lost(desk, AN_HOUR, published_at=None, not_before=later(AN_HOUR))
    recover(desk)
    assert published == []


def test_in_a_long_queue_a_task_may_still_wait_for_its_turn(
    desk: Desk, published: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    depths = dict.fromkeys(Queue, 0) | {Queue.SEND: recovery._SHORT_QUEUE + 1}
    monkeypatch.setattr(queues, "depths", lambda: depths)
    after = settings.get().republish_after
    waits, missed = lost(desk, 2 * after), lost(desk, recovery._AT_LAST * after + 1)
    elsewhere = lost(desk, 2 * after, queue=Queue.BULK.value)
    recover(desk)
    assert sorted(published) == sorted([missed, elsewhere])
    depths[Queue.SEND] = recovery._SHORT_QUEUE
    recover(desk)
    assert sorted(published) == sorted([missed, elsewhere, waits])


def test_a_full_queue_is_not_filled_further(desk: Desk, published: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    depths = dict.fromkeys(Queue, 0) | {Queue.SEND: recovery._FULL_QUEUE}
    monkeypatch.setattr(queues, "depths", lambda: depths)
    made, elsewhere = lost(desk, AN_HOUR), lost(desk, AN_HOUR, queue=Queue.BULK.value)
    recover(desk)
    assert published == [elsewhere]
    depths[Queue.SEND] -= 1
    recover(desk)
    assert published == [elsewhere, made]


@pytest.mark.usefixtures("silent_broker")
def test_while_the_broker_is_away_nothing_counts_as_published(desk: Desk, published: list[UUID]) -> None:
    made = lost(desk, AN_HOUR)
    before = desk.row(made)["published_at"]
    recover(desk)
    assert (published, desk.row(made)["published_at"]) == ([], before)


@pytest.fixture
def own_queues(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """Queues in the stack's broker that no worker consumes."""
    url = stack.environment()["ANTAR_BROKER_URL"].rsplit("/", 1)[0] + "/7"
    apart = Celery("apart", broker=url)
    apart.conf.update(task_queues=queues.app.conf.task_queues, task_ignore_result=True)
    monkeypatch.setattr(queues, "app", apart)
    yield apart
    apart.close()
    with redis.Redis.from_url(url) as client:
        client.flushdb()


@pytest.mark.usefixtures("own_queues")
def test_the_broker_tells_how_many_tasks_wait() -> None:
    assert queues.depths() == dict.fromkeys(Queue, 0)
    for _ in range(3):
        queues.publish_deliveries([ids.new()], Queue.SEND)
    queues.publish_settle([ids.new_send()])
    assert queues.depths() == {**dict.fromkeys(Queue, 0), Queue.SEND: 4}


def left_on_disk(desk: Desk, **options: Any) -> UUID:
    """Let a worker that has died leave the outcome of a call on disk, with a lease that has run out."""
    claimed = desk.claimed(desk.key(**options))
    journal = Journal(settings.get().journal_dir)
    journal.append([record.of(result(claimed, Sent(provider_message_id="42:9")), "dead")])
    journal.close()
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == claimed.id).values(lease_until=later(-1)))
    return claimed.id


@pytest.mark.parametrize("on_unknown", OnUnknown)
def test_what_a_dead_worker_left_on_disk_counts_before_its_lease(desk: Desk, on_unknown: OnUnknown) -> None:
    made = left_on_disk(desk, on_unknown=on_unknown)
    recover(desk)
    row = desk.row(made)
    assert (row["state"], row["code"], row["provider_message_id"], desk.calls(made)) == ("sent", None, "42:9", 1)
    assert send_state(desk, made) == "sent"
    assert not list(settings.get().journal_dir.glob("*.jsonl"))


class _Older(StrEnum):
    """The policies that an older version of the code knows."""

    NEXT_TIER = "next_tier"


@pytest.fixture
def older_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "OnUnknown", _Older)


@pytest.mark.usefixtures("older_code")
def test_a_row_that_cannot_be_read_ends_in_quarantine_and_its_batch_goes_on(desk: Desk, published: list[UUID]) -> None:
    unreadable = desk.send((Channel.TELEGRAM, 0, desk.key(on_unknown=OnUnknown.HOLD)), (Channel.TELEGRAM, 1, desk.key()))
    (readable,) = desk.send((Channel.TELEGRAM, 0, desk.key()))
    assert [each.id for each in desk.claim([unreadable[0], readable])] == [readable]
    row = desk.row(unreadable[0])
    assert (row["state"], row["code"], row["claim_id"]) == ("failed", "internal_error", None)
    with desk.database.connect() as connection:
        kept = connection.execute(select(quarantine).where(quarantine.c.delivery_id == unreadable[0])).one()
    assert (kept.step, kept.error, kept.send_id) == ("claim", "ValueError", ids.send_of(unreadable[0]))
    old(desk, unreadable)
    recover(desk)
    assert (desk.state(unreadable[1]), published) == ("queued", unreadable[1:])


@pytest.mark.usefixtures("published")
def test_a_row_that_cannot_be_read_by_recovery_does_not_stop_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable = desk.claimed(desk.key(on_unknown=OnUnknown.HOLD))
    readable = desk.claimed()
    with desk.database.begin() as connection:
        mine = deliveries.c.id.in_([unreadable.id, readable.id])
        connection.execute(update(deliveries).where(mine).values(lease_until=later(-1)))
    monkeypatch.setattr(claims, "OnUnknown", _Older)
    recover(desk)
    rows = [desk.row(each.id) for each in (readable, unreadable)]
    assert [(row["state"], row["code"]) for row in rows] == [("unknown", "worker_lost")] * 2


def test_a_lease_that_has_not_run_out_is_respected(desk: Desk, published: list[UUID]) -> None:
    claimed = desk.claimed()
    recover(desk)
    assert (desk.state(claimed.id), published) == ("claimed", [])
