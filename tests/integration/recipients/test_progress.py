"""How far campaigns have got, from counts and from what has been added since."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from shared.db.tables import campaign_recipients, delivery_changes, delivery_counts, send_changes, send_counts
from shared.management.campaigns import progress
from shared.management.campaigns.progress import Progress
from shared.management.campaigns.records import Campaign
from tests.integration.recipients.conftest import Office


def _load(office: Office, campaign: Campaign) -> Progress:
    with office.database.connect() as connection:
        return progress.progress(connection, [campaign.id])[campaign.id]


def _ended(office: Office, campaign: Campaign, **numbers: int) -> None:
    rows = [{"campaign_id": campaign.id, "state": state, "number": number} for state, number in numbers.items()]
    with office.database.begin() as connection:
        connection.execute(insert(send_changes), rows)


def _running(office: Office, **values: Any) -> Campaign:
    campaign = office.campaign()
    started = datetime.now(UTC) - timedelta(seconds=100)
    office.change(campaign, **{"state": "running", "rows": 12, "refused": 1, "duplicates": 1, "started_at": started, **values})
    return campaign


def test_new_campaign_has_nothing(office: Office) -> None:
    nothing = dict.fromkeys(("recipients", "pending", "deferred", "in_flight"), 0)
    ended = dict.fromkeys(("sent", "failed", "unknown", "cancelled", "expired"), 0)
    assert _load(office, office.campaign()) == Progress(**nothing, **ended, by_code={}, per_second=None)


def test_counts_and_later_changes_are_added_up(office: Office) -> None:
    campaign = _running(office, fed=7)
    with office.database.begin() as connection:
        connection.execute(insert(send_counts).values(campaign_id=campaign.id, state="sent", number=2))
    _ended(office, campaign, sent=1, failed=1, unknown=1)
    _ended(office, campaign, sent=1, unknown=-1)
    found = _load(office, campaign)
    assert (found.recipients, found.pending, found.in_flight) == (10, 3, 2)
    assert (found.sent, found.failed, found.unknown) == (4, 1, 0)


def test_codes_are_those_of_deliveries_without_success(office: Office) -> None:
    campaign = _running(office)
    hour = datetime(2026, 3, 2, 9, tzinfo=UTC)
    same = {"account_id": office.account_id, "hour": hour, "channel": "telegram", "key_id": campaign.plan.channels[0].key_id}
    bad = {**same, "campaign_id": campaign.id, "state": "failed", "code": "invalid_recipient"}
    with office.database.begin() as connection:
        connection.execute(insert(delivery_counts).values(**bad, number=2))
        connection.execute(insert(delivery_changes), [{**bad, "number": 1}, {**bad, "code": "timeout", "number": 1}])
        connection.execute(insert(delivery_changes).values(**{**bad, "code": "timeout", "number": -1}))
        connection.execute(insert(delivery_changes).values(**{**bad, "state": "sent", "code": "", "number": 5}))
    assert _load(office, campaign).by_code == {"invalid_recipient": 3}


def test_rate_is_that_of_the_time_in_which_it_ran(office: Office) -> None:
    campaign = _running(office, fed=10, paused_seconds=50)
    _ended(office, campaign, sent=5)
    found = _load(office, campaign)
    assert found.per_second is not None
    assert found.seconds_left is not None
    assert 0.05 < found.per_second <= 0.1
    assert found.seconds_left == 5 / found.per_second


def test_nobody_can_say_when_a_pause_or_quiet_hours_end(office: Office) -> None:
    campaign = office.campaign()
    office.fill(campaign, "telegram,name\n1,Ana\n2,Budi\n")
    started = datetime.now(UTC) - timedelta(seconds=10)
    office.change(campaign, state="paused", started_at=started, paused_at=started + timedelta(seconds=5), fed=1)
    _ended(office, campaign, sent=1)
    paused = _load(office, campaign)
    assert (paused.per_second, paused.seconds_left) == (0.2, None)
    office.change(campaign, state="running", paused_at=None)
    assert _load(office, campaign).seconds_left is not None
    with office.database.begin() as connection:
        second = campaign_recipients.c.campaign_id == campaign.id, campaign_recipients.c.position == 2
        connection.execute(update(campaign_recipients).where(*second).values(state="deferred", due_at=started))
    deferred = _load(office, campaign)
    assert (deferred.pending, deferred.deferred, deferred.seconds_left) == (1, 1, None)
