"""The end of the time in which a receipt must come: found when its task is lost, early or late; or cancelled before."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from shared import ids, queues, settings
from shared.db.tables import deliveries, sends
from shared.domain.confirmation import Level, Until
from shared.domain.receipts import Receipt
from shared.management import schedule as scheduling
from shared.management.errors import TooLate
from tests.acceptance.backend import await_true
from tests.integration.worker.awaited import end, overdue, receive, recover, send
from tests.integration.worker.conftest import Desk, later
from tests.integration.worker.reports import change, notice, record, states
from worker import confirmation, recovery, schedule
from worker.deliver import awaiting
from worker.runtime.publisher import Publisher

pytestmark = pytest.mark.usefixtures("deadlines")


def test_recovery_leaves_what_only_waits_alone(desk: Desk) -> None:
    made = send(desk)
    change(desk, deliveries, made[0], confirm_by=later(60))
    change(desk, sends, ids.send_of(made[0]), created_at=later(-2 * settings.get().lease_seconds))
    with desk.database.begin() as connection:
        connection.execute(
            update(sends).where(sends.c.state == "running", sends.c.id != ids.send_of(made[0])).values(state="failed")
        )
    recovery._sweep.after = UUID(int=0)
    with capture_logs() as lines:
        recover(desk)
    assert "recovery.stranded_sends" not in [line["event"] for line in lines]
    assert states(desk, made) == ["running", "sent", "waiting"]


def test_recovery_finds_what_a_task_that_was_lost_would_have_ended(desk: Desk, published: list[UUID]) -> None:
    made = send(desk)
    recover(desk)
    assert states(desk, made) == ["running", "sent", "waiting"]
    overdue(desk, made)
    recover(desk)
    assert states(desk, made) == ["running", "sent", "queued"]
    assert published.count(made[1]) == 1


def test_a_process_that_dies_before_it_publishes_the_next_tier_leaves_it_to_recovery(
    desk: Desk, published: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = send(desk)
    overdue(desk, made)
    with monkeypatch.context() as dying:
        dying.setattr(Publisher, "follow", _die)
        with pytest.raises(SystemError):
            end(desk, made[0])
    assert states(desk, made) == ["running", "sent", "queued"]
    long_ago = later(-3 * settings.get().republish_after)
    change(desk, deliveries, made[1], queued_at=long_ago, published_at=long_ago)
    monkeypatch.setattr(queues, "depths", lambda: dict.fromkeys(queues.Queue, 0))
    recover(desk)
    assert published.count(made[1]) == 1


async def _die(*_: Any) -> None:
    raise SystemError


def test_a_task_that_comes_a_little_early_waits(desk: Desk, published: list[UUID]) -> None:
    made = send(desk)
    change(desk, deliveries, made[0], confirm_by=later(0.4))
    end(desk, made[0])
    assert states(desk, made) == ["running", "sent", "queued"]
    assert [each for each in published if each in made] == [made[1]]


@pytest.mark.parametrize("within", [1, 120])
def test_promotion_publishes_the_ends_that_are_near(desk: Desk, deadlines: list[tuple[UUID, float]], within: int) -> None:
    made = send(desk, Until(level=Level.READ, within=within))
    near = within <= awaiting.ahead()
    assert deadlines == [(made[0], 1.0)] * near
    assert promoted(desk, made[0], deadlines, awaiting.ahead() * 2) == []
    (seconds,) = promoted(desk, made[0], deadlines, awaiting.ahead())
    assert awaiting.ahead() / 2 < seconds <= awaiting.ahead() + 0.1


def promoted(desk: Desk, delivery_id: UUID, deadlines: list[tuple[UUID, float]], seconds: float) -> list[float]:
    """Promote when a delivery has so many seconds left; give those for which its end is published."""
    change(desk, deliveries, delivery_id, confirm_by=later(seconds))
    deadlines.clear()
    schedule.promote()
    return [countdown for each, countdown in deadlines if each == delivery_id]


def cancel(desk: Desk, delivery_id: UUID) -> None:
    with desk.database.begin() as connection:
        scheduling.cancel(connection, scheduling.lock(connection, ids.send_of(delivery_id)), "somebody")


def test_what_only_waits_can_be_cancelled_and_stays_so(desk: Desk, published: list[UUID]) -> None:
    made = send(desk)
    for _ in range(2):
        cancel(desk, made[0])
    assert states(desk, made) == ["cancelled", "sent", "cancelled"]
    assert desk.row(made[0])["confirm_by"] is None
    receive(desk, made[0], Receipt.SENT)
    end(desk, made[0])
    recover(desk)
    desk.runtime.run(record(desk, notice(desk, made[0])))
    assert (states(desk, made), made[1] in published) == (["cancelled", "failed", "cancelled"], False)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("stage", ["queued", "claimed", "held"])
def test_what_is_under_way_cannot(desk: Desk, stage: str) -> None:
    made = send(desk)
    overdue(desk, made)
    if stage == "held":
        change(desk, deliveries, made[1], state="unknown", held=True)
    else:
        end(desk, made[0])
        assert stage == "queued" or desk.claim(made[1:])
    with pytest.raises(TooLate, match="running"):
        cancel(desk, made[0])
    assert states(desk, made)[0] == "running"


@pytest.mark.usefixtures("published")
def test_of_a_cancellation_and_the_end_of_its_time_one_comes_first(desk: Desk) -> None:
    """The lock of the send decides: a fallback that is queued is not cancelled, one that is cancelled is not queued."""
    made = send(desk)
    overdue(desk, made)
    with desk.database.begin() as connection:
        standing = scheduling.lock(connection, ids.send_of(made[0]))
        ending = asyncio.run_coroutine_threadsafe(confirmation.end_due(desk.process, made[:1]), desk.runtime._loop)
        await_true(desk.somebody_waits_for_a_lock)
        scheduling.cancel(connection, standing, "somebody")
    ending.result(30)
    assert states(desk, made) == ["cancelled", "sent", "cancelled"]
