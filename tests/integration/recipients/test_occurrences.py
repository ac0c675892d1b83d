"""Campaigns whose time has come start once, and those that recur make each occurrence once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from shared.db.tables import campaigns
from shared.domain.campaigns import CampaignState
from shared.domain.recurrence import Recurrence
from shared.management.campaigns import occurrences, records
from shared.management.campaigns.records import Campaign
from shared.management.errors import TooLate
from tests.integration.recipients.conftest import Office

_FILE = "telegram,name\n1,Ana\nnobody,Budi\n1,Ana again\n3,Cici\n4,Dedi\n"


@pytest.fixture(autouse=True)
def _few_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occurrences, "_ROWS_AT_ONCE", 2)


def _step(office: Office) -> int:
    with office.database.begin() as connection:
        return occurrences.make_due(connection)


def _steps(office: Office) -> None:
    while _step(office):
        pass


def _scheduled(office: Office, schedule_at: datetime, rule: str | None = None, begins: datetime | None = None) -> Campaign:
    campaign = office.campaign()
    office.fill(campaign, _FILE)
    recurrence = rule and Recurrence.parse(rule, begins or schedule_at, "UTC").dump()
    office.change(campaign, state="scheduled", schedule_at=schedule_at, recurrence=recurrence, rate_per_second=5.0)
    return office.load(campaign)


def _children(office: Office, campaign: Campaign) -> list[Campaign]:
    statement = select(campaigns.c.id).where(campaigns.c.parent_id == campaign.id).order_by(campaigns.c.occurs_at)
    with office.database.connect() as connection:
        return [records.load(connection, office.account_id, each) for each in connection.execute(statement).scalars()]


def _ago(**length: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**length)


def test_campaign_starts_when_its_time_has_come(office: Office) -> None:
    due, later = _scheduled(office, _ago(seconds=1)), _scheduled(office, _ago(hours=-1))
    _steps(office)
    assert (office.load(due).state, office.load(later).state) == (CampaignState.RUNNING, CampaignState.SCHEDULED)
    assert office.load(due).started_at is not None
    assert _step(office) == 0


def test_occurrence_has_the_sendable_recipients_under_their_numbers(office: Office) -> None:
    parent = _scheduled(office, at := _ago(seconds=1), "FREQ=DAILY")
    _step(office)
    [filling] = _children(office, parent)
    assert (filling.state, filling.rows) == (CampaignState.SCHEDULED, 2), "it does not start with a part of its recipients"
    _steps(office)
    [child] = _children(office, parent)
    assert (child.state, child.rows, child.occurs_at) == (CampaignState.RUNNING, 3, at)
    assert (child.plan, child.mapping, child.rate_per_second, child.recurrence) == (parent.plan, parent.mapping, 5.0, None)
    copied = ("position", "targets", "addresses", "fingerprint", "variables", "state")
    pending = [row for row in office.rows(parent, *copied) if row[-1] == "pending"]
    assert office.rows(child, *copied) == pending
    after = office.load(parent)
    assert (after.state, after.schedule_at) == (CampaignState.SCHEDULED, at + timedelta(days=1))


def test_of_the_times_missed_only_the_last_occurs(office: Office) -> None:
    parent = _scheduled(office, at := _ago(days=5, hours=1), "FREQ=DAILY")
    _steps(office)
    assert [each.occurs_at for each in _children(office, parent)] == [at + timedelta(days=5)]
    assert office.load(parent).schedule_at == at + timedelta(days=6)


def test_last_occurrence_completes_the_parent(office: Office) -> None:
    parent = _scheduled(office, at := _ago(hours=1), "FREQ=DAILY;COUNT=3", begins=_ago(days=2, hours=1))
    _steps(office)
    assert [each.occurs_at for each in _children(office, parent)] == [at]
    after = office.load(parent)
    assert after.state is CampaignState.COMPLETED
    assert after.ended_at is not None


def test_two_processes_make_each_occurrence_once(office: Office) -> None:
    parents = [_scheduled(office, _ago(seconds=1), "FREQ=DAILY") for _ in range(5)]
    with ThreadPoolExecutor(4) as pool:
        for step in [pool.submit(_steps, office) for _ in range(4)]:
            step.result()
    _steps(office)
    for parent in parents:
        [child] = _children(office, parent)
        assert child.state is CampaignState.RUNNING
        assert [row[0] for row in office.rows(child, "position")] == [1, 4, 5]


def test_time_moved_back_to_one_that_occurred_does_not_occur_again(office: Office) -> None:
    parent = _scheduled(office, at := _ago(seconds=1), "FREQ=DAILY")
    _steps(office)
    office.change(parent, schedule_at=at)
    _steps(office)
    assert len(_children(office, parent)) == 1


def test_cancelled_campaign_occurs_no_more(office: Office) -> None:
    parent = _scheduled(office, _ago(seconds=1), "FREQ=DAILY")
    office.change(parent, state="cancelled")
    _steps(office)
    assert _children(office, parent) == []


def test_parent_stays_until_its_recipients_are_copied(office: Office) -> None:
    parent = _scheduled(office, _ago(seconds=1), "FREQ=DAILY;COUNT=1")
    _step(office)
    with pytest.raises(TooLate, match="being copied"):
        _delete(office, parent)
    _steps(office)
    [child] = _children(office, parent)
    _delete(office, parent)
    left = office.load(child)
    assert (left.parent_id, left.state) == (None, CampaignState.RUNNING)


def test_parent_stays_while_an_occurrence_that_lacks_recipients_is_paused(office: Office) -> None:
    parent = _scheduled(office, _ago(seconds=1), "FREQ=DAILY;COUNT=1")
    _step(office)
    [child] = _children(office, parent)
    office.change(child, state="paused")
    with pytest.raises(TooLate, match="being copied"):
        _delete(office, parent)
    office.change(child, state="scheduled")
    _steps(office)
    assert office.load(child).rows == 3


def _delete(office: Office, campaign: Campaign) -> None:
    with office.database.begin() as connection:
        records.remove(connection, records.lock(connection, office.account_id, campaign.id))
