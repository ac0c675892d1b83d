"""Starting a draft: now or at its time, and only what can be sent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from shared import ids
from shared.db.tables import channel_keys, templates
from shared.domain.campaigns import CampaignPlan, PlannedChannel
from shared.domain.channels import Channel
from shared.domain.recurrence import Recurrence
from shared.management.campaigns import control, records
from shared.management.errors import Invalid, TooLate
from tests.integration.worker.campaigns import rows
from tests.integration.worker.campaigns.conftest import Campaigns, Feed
from tests.integration.worker.conftest import Desk, later


def _start(campaigns: Campaigns, campaign_id: UUID) -> str:
    with campaigns.database.begin() as connection:
        return control.start(connection, records.lock(connection, campaigns.desk.account_id, campaign_id)).value


def test_a_draft_runs_from_now_on(campaigns: Campaigns, feed: Feed) -> None:
    campaign_id = campaigns.run(2, state="draft")
    assert _start(campaigns, campaign_id) == "running"
    assert rows.campaign(campaigns.database, campaign_id)["started_at"] is not None
    assert len(feed()) == 2


@pytest.mark.parametrize(("seconds", "state"), [(60, "scheduled"), (-60, "running")])
def test_a_draft_with_a_time_waits_for_it_unless_it_has_come(campaigns: Campaigns, seconds: int, state: str) -> None:
    campaign_id = campaigns.run(1, state="draft", schedule_at=later(seconds))
    assert _start(campaigns, campaign_id) == state
    assert (rows.campaign(campaigns.database, campaign_id)["started_at"] is None) == (state == "scheduled")


@pytest.mark.parametrize(("seconds", "days"), [(60, 0), (-60, 1), (-3 * 86_400 - 60, 4)])
def test_a_draft_that_recurs_begins_with_its_next_time(campaigns: Campaigns, seconds: int, days: int) -> None:
    moment = later(seconds).replace(microsecond=0)
    recurrence = Recurrence.parse("FREQ=DAILY", moment, "UTC").dump()
    campaign_id = campaigns.run(1, state="draft", schedule_at=moment, recurrence=recurrence)
    assert _start(campaigns, campaign_id) == "scheduled"
    assert rows.campaign(campaigns.database, campaign_id)["schedule_at"] == moment + timedelta(days=days)


def test_a_draft_whose_times_have_all_passed_is_not_started(campaigns: Campaigns) -> None:
    moment = later(-60)
    recurrence = Recurrence.parse("FREQ=DAILY;COUNT=1", moment, "UTC").dump()
    with pytest.raises(Invalid, match="recurrence: has no time left"):
        _start(campaigns, campaigns.run(1, state="draft", schedule_at=moment, recurrence=recurrence))


@pytest.mark.parametrize("state", ["importing", "scheduled", "running", "paused", "completed", "cancelled", "failed"])
def test_only_a_draft_is_started(campaigns: Campaigns, state: str) -> None:
    with pytest.raises(TooLate, match=f"the campaign is {state} and can be started as a draft only"):
        _start(campaigns, campaigns.run(1, state=state))


@pytest.mark.parametrize("columns", [{"rows": 0}, {"rows": 2, "refused": 1, "duplicates": 1}])
def test_a_campaign_without_recipients_is_not_started(campaigns: Campaigns, columns: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="recipients: are missing"):
        _start(campaigns, campaigns.run([], state="draft", **columns))


def test_a_campaign_by_no_channel_is_not_started(campaigns: Campaigns) -> None:
    with pytest.raises(Invalid, match=r"keys: must name at least one channel"):
        _start(campaigns, campaigns.run(1, planned=CampaignPlan(channels=()), state="draft"))


def _planned(key_id: UUID, channel: Channel = Channel.TELEGRAM, template_id: int | None = None) -> CampaignPlan:
    content = {"type": "text", "message": "Hello"} if template_id is None else None
    planned = PlannedChannel(channel=channel, tier=0, fallback=False, key_id=key_id, template_id=template_id, content=content)
    return CampaignPlan(channels=(planned,))


def test_the_key_must_be_the_accounts_own_of_that_channel_and_not_revoked(campaigns: Campaigns, another: Desk) -> None:
    revoked, suspended = campaigns.desk.key(), campaigns.desk.key()
    with campaigns.database.begin() as connection:
        for key_id, status in ((revoked, "revoked"), (suspended, "suspended")):
            connection.execute(update(channel_keys).where(channel_keys.c.id == key_id).values(status=status))
    whatsapp = campaigns.desk.key(Channel.WHATSAPP)
    for key_id in (revoked, whatsapp, another.key(), ids.new()):
        with pytest.raises(Invalid, match=r"keys\.(telegram|whatsapp): is revoked, or no key"):
            _start(campaigns, campaigns.run(1, planned=_planned(key_id), state="draft"))
    assert _start(campaigns, campaigns.run(1, planned=_planned(suspended), state="draft")) == "running"


@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({}, True),
        ({"status": "pending"}, False),
        ({"active": False}, False),
        ({"channel": "whatsapp"}, False),
    ],
)
def test_the_template_must_be_approved_and_active(campaigns: Campaigns, changes: dict[str, Any], *, usable: bool) -> None:
    own = {"account_id": campaigns.desk.account_id, "channel": "telegram", "name": "sale", "body": {}, "status": "approved"}
    with campaigns.database.begin() as connection:
        (template_id,) = connection.execute(insert(templates).values({**own, **changes}).returning(templates.c.id)).one()
    campaign_id = campaigns.run(1, planned=_planned(campaigns.desk.key(), template_id=template_id), state="draft")
    if usable:
        assert _start(campaigns, campaign_id) == "running"
    else:
        with pytest.raises(Invalid, match=r"content\.telegram\.template: is no template"):
            _start(campaigns, campaign_id)
