"""Campaigns: made, listed, changed and deleted."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from shared.db.tables import campaign_recipients, send_changes
from shared.domain.campaigns import CampaignPlan, CampaignState
from shared.domain.channels import Channel
from shared.management import accounts
from shared.management.campaigns import records
from shared.management.campaigns.fields import Fields
from shared.management.campaigns.records import Campaign, Filters
from shared.management.errors import Invalid, NotFound, TooLate
from tests.integration.recipients.conftest import Office

_SOON = timedelta(hours=3)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _create(office: Office, **asked: Any) -> Campaign:
    sample = office.campaign()
    fields = Fields(**{"name": "Payday", "plan": sample.plan, "mapping": sample.mapping, **asked})
    with office.database.begin() as connection:
        return records.create(connection, office.account_id, fields)


def _change(office: Office, campaign: Campaign, **changes: Any) -> Campaign:
    with office.database.begin() as connection:
        return records.change(connection, records.lock(connection, office.account_id, campaign.id), changes)


def _page(office: Office, **filters: Any) -> list[str]:
    with office.database.connect() as connection:
        return [each.name for each in records.page(connection, office.account_id, 10, filters=Filters(**filters))]


def test_campaign_is_a_draft_as_it_was_asked_for(office: Office) -> None:
    made = _create(office, time_zone="Asia/Jakarta", quiet_from=time(21), quiet_until=time(8), rate_per_second=2.5)
    assert made.state is CampaignState.DRAFT
    assert (made.quiet_from, made.quiet_until, made.rate_per_second) == (time(21), time(8), 2.5)
    assert office.load(made) == made


def test_recurrence_begins_with_its_next_time(office: Office) -> None:
    yesterday = _now() - timedelta(days=1) + _SOON
    made = _create(office, schedule_at=yesterday, recurrence="FREQ=DAILY")
    assert made.schedule_at == yesterday + timedelta(days=1)
    assert made.recurrence is not None
    assert made.recurrence.rule == "FREQ=DAILY"


@pytest.mark.parametrize(
    ("changes", "woken"),
    [
        ({"quiet_from": None, "quiet_until": None}, True),
        ({"quiet_until": time(6)}, True),
        ({"time_zone": "UTC"}, True),
        ({"quiet_from": time(21), "rate_per_second": 5.0}, False),
    ],
)
def test_by_other_quiet_hours_who_waits_is_looked_at_again(office: Office, changes: dict[str, Any], *, woken: bool) -> None:
    campaign = _create(office, time_zone="Asia/Jakarta", quiet_from=time(21), quiet_until=time(8))
    office.fill(campaign, "telegram,name\n1,Ana\n2,Budi\n3,Citra\n")
    own = campaign_recipients.c.campaign_id == campaign.id
    with office.database.begin() as connection:
        waiting = {"state": "deferred", "due_at": _now() + _SOON}
        connection.execute(update(campaign_recipients).where(own, campaign_recipients.c.position < 3).values(waiting))
    office.change(campaign, state="paused")
    _change(office, campaign, **changes)
    due = select(campaign_recipients.c.due_at <= func.now()).where(own).order_by(campaign_recipients.c.position)
    with office.database.connect() as connection:
        assert connection.execute(due).scalars().all() == [woken, woken, None]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"time_zone": "Asia/Atlantis"}, "time_zone"),
        ({"rate_per_second": 0.0}, "rate_per_second"),
        ({"rate_per_second": float("nan")}, "rate_per_second"),
        ({"quiet_from": time(21)}, "quiet_hours"),
        ({"quiet_from": time(0), "quiet_until": time(0)}, "quiet_hours"),
        ({"schedule_at": datetime(2020, 1, 1, tzinfo=UTC)}, "schedule"),
        ({"recurrence": "FREQ=DAILY"}, "schedule"),
        ({"recurrence": "FREQ=DAILY;UNTIL=20200105", "schedule_at": datetime(2020, 1, 1, tzinfo=UTC)}, "recurrence"),
        ({"recurrence": "often", "schedule_at": datetime(2050, 1, 1, tzinfo=UTC)}, "recurrence"),
        ({"plan": CampaignPlan(channels=())}, "columns.targets"),
    ],
)
def test_what_no_campaign_can_be_is_refused_by_name(office: Office, asked: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _create(office, **asked)
    assert refused.value.field == field


def test_another_account_has_no_such_campaign(office: Office) -> None:
    made = office.campaign()
    with office.database.begin() as connection:
        other = accounts.create(connection, f"other of {office.account_id}").id
        for look in (records.load, records.lock):
            with pytest.raises(NotFound):
                look(connection, other, made.id)
        assert records.page(connection, other, 10) == []


def test_list_is_filtered(office: Office) -> None:
    first, second = _create(office, name="100% Payday"), _create(office, name="Renewal")
    office.change(second, state="paused", created_at=_now() - timedelta(days=2))
    assert _page(office, name="payday") == ["100% Payday"]
    assert _page(office, name="0% p") == ["100% Payday"]
    assert _page(office, name="%%%") == []
    assert _page(office, state=CampaignState.PAUSED) == ["Renewal"]
    assert _page(office, created_before=_now() - timedelta(days=1)) == ["Renewal"]
    assert "Renewal" not in _page(office, created_after=_now() - timedelta(days=1))
    with office.database.connect() as connection:
        below = records.page(connection, office.account_id, 1, before_id=second.id)
    assert first.id != below[0].id < second.id


def test_change_leaves_what_it_does_not_name(office: Office) -> None:
    made = _create(office, rate_per_second=1.0, schedule_at=_now() + _SOON)
    changed = _change(office, made, name="Autumn", plan=replace(made.plan, expires_in=60))
    assert (changed.name, changed.plan.expires_in) == ("Autumn", 60)
    assert (changed.rate_per_second, changed.schedule_at, changed.mapping) == (1.0, made.schedule_at, made.mapping)
    assert changed.updated_at > made.updated_at
    assert _change(office, made, schedule_at=None).schedule_at is None


def test_time_that_has_come_does_not_keep_from_other_changes(office: Office) -> None:
    made = _create(office, schedule_at=_now() + _SOON)
    office.change(made, schedule_at=_now() - _SOON, state="paused")
    assert _change(office, made, name="Late").name == "Late"
    assert _change(office, made, time_zone="Asia/Jakarta").time_zone == "Asia/Jakarta"


def test_another_time_zone_keeps_the_time_of_day(office: Office) -> None:
    begins = (_now() + timedelta(days=3)).replace(hour=9, minute=0, second=0)
    made = _create(office, schedule_at=begins, recurrence="FREQ=DAILY")
    moved = _change(office, made, recurrence="FREQ=WEEKLY", time_zone="Asia/Jakarta")
    assert moved.recurrence is not None
    assert moved.recurrence.start.hour == 16, "the moment stays, which is later on that clock"
    assert moved.schedule_at == begins


@pytest.mark.parametrize("state", ["importing", "running", "completed", "cancelled"])
def test_only_what_does_not_run_is_changed(office: Office, state: str) -> None:
    made = office.campaign()
    office.change(made, state=state)
    with pytest.raises(TooLate, match=state):
        _change(office, made, name="Autumn")


def test_scheduled_campaign_keeps_a_time(office: Office) -> None:
    made = _create(office, schedule_at=_now() + _SOON)
    office.change(made, state="scheduled")
    with pytest.raises(TooLate, match="has a time"):
        _change(office, made, schedule_at=None)


def _delete(office: Office, campaign: Campaign) -> None:
    with office.database.begin() as connection:
        records.remove(connection, records.lock(connection, office.account_id, campaign.id))


def test_deleted_campaign_takes_its_recipients_along(office: Office) -> None:
    made = office.campaign()
    office.fill(made, "telegram,name\n1,Ana\n2,Budi\n")
    _delete(office, made)
    assert office.rows(made, "position") == []
    with pytest.raises(NotFound):
        office.load(made)


@pytest.mark.parametrize("state", ["importing", "scheduled", "running", "paused"])
def test_campaign_that_may_go_on_is_not_deleted(office: Office, state: str) -> None:
    made = office.campaign()
    office.change(made, state=state)
    with pytest.raises(TooLate, match=state):
        _delete(office, made)


def test_cancelled_campaign_is_deleted_after_its_last_send(office: Office) -> None:
    made = office.campaign()
    office.change(made, state="cancelled", rows=2, fed=2)
    ended = {"campaign_id": made.id, "state": "cancelled", "number": 1}
    with office.database.begin() as connection:
        connection.execute(insert(send_changes).values(ended))
    with pytest.raises(TooLate, match="not ended"):
        _delete(office, made)
    with office.database.begin() as connection:
        connection.execute(insert(send_changes).values(ended))
    _delete(office, made)


def test_plan_without_a_column_for_any_channel_is_refused(office: Office) -> None:
    plan = CampaignPlan(channels=(office.planned(Channel.EMAIL, template_id=1, content=None),))
    with pytest.raises(Invalid, match="columns"):
        _change(office, office.campaign(), plan=plan)
