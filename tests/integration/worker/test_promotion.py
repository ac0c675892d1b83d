"""Promotion in runs, each of which takes no more than so much."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from shared import ids, queues
from shared.domain.due import Due
from tests.integration.sends import rows
from tests.integration.worker.conftest import Desk, later
from worker import schedule


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The sends whose deliveries are published; no broker hears of them."""
    found: list[UUID] = []

    def publish(deliveries: Iterable[Due]) -> None:
        found.extend(ids.send_of(each.id) for each in deliveries)

    monkeypatch.setattr(queues, "publish_due", publish)
    return found


def test_a_run_promotes_no_more_than_so_much_and_the_next_goes_on(
    desk: Desk, due: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.promote()
    due.clear()
    monkeypatch.setattr(schedule, "_LIMIT", 2)
    monkeypatch.setattr(schedule, "_BATCHES", 2)
    made = [
        rows.store(desk.database, desk.account_id, rows.Stored(plan=rows.plan(("telegram", 0, "42"), schedule=later(seconds))))
        for seconds in (5, 4, 3, 2, 1)
    ]
    schedule.promote()
    assert (set(due[:2]), set(due[2:])) == (set(made[3:]), set(made[1:3]))
    schedule.promote()
    assert due[4:] == made[:1]
