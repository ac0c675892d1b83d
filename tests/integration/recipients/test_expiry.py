"""Campaigns that ended long ago go, with their recipients and files; nothing else does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from shared import ids, settings, storage
from shared.db.tables import campaign_recipients, campaigns
from shared.db.tables.statistics import send_counts
from shared.management.campaigns import expiry, importing, records, uploading
from shared.management.campaigns.readers import Format
from shared.management.campaigns.records import Campaign
from tests.integration.recipients.conftest import Office
from worker import upkeep

_FILE = b"telegram,name\n1,Ana\n2,Budi\n3,Cici\n4,Dedi\n5,Edi\n"
_DAYS = 30


@pytest.fixture(autouse=True)
def _few_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_AT_ONCE", 2)


@pytest.fixture(autouse=True)
def _nothing_is_left(office: Office) -> Iterator[None]:
    yield
    with office.database.begin() as connection:
        connection.execute(campaigns.update().where(campaigns.c.account_id == office.account_id).values(ended_at=None))


def _campaign(office: Office, state: str = "completed", days: float | None = _DAYS + 1, **columns: object) -> Campaign:
    """Make a campaign whose file was read, and that ended so many days ago."""
    made = office.campaign()
    begun = uploading.store(office.database, office.account_id, made.id, "people.csv", Format.CSV, [_FILE])
    importing.read_rows(begun, [_FILE])
    ended_at = days and datetime.now(UTC) - timedelta(days=days)
    office.change(made, state=state, ended_at=ended_at, **columns)
    return office.load(made)


def _there(office: Office, campaign: Campaign) -> tuple[bool, int, bool]:
    """Tell what is left of a campaign: it, its recipients, its file."""
    own = select(campaigns.c.id).where(campaigns.c.id == campaign.id)
    recipients = select(campaign_recipients.c.position).where(campaign_recipients.c.campaign_id == campaign.id)
    with office.database.connect() as connection:
        rows = len(connection.execute(recipients).all())
        return connection.execute(own).scalar() is not None, rows, _is_stored(campaign)


def _is_stored(campaign: Campaign) -> bool:
    try:
        return any(storage.read(campaign.source or ""))
    except storage.Missing:
        return False


def _count_sends(office: Office, campaign_id: UUID, number: int) -> None:
    with office.database.begin() as connection:
        connection.execute(insert(send_counts).values(campaign_id=campaign_id, state="sent", number=number))


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_what_ended_long_ago_goes_with_its_recipients_and_its_file(office: Office, state: str) -> None:
    old, new = _campaign(office, state, fed=5), _campaign(office, state, _DAYS - 1)
    _count_sends(office, old.id, 5)
    assert _there(office, old) == (True, 5, True)
    assert expiry.expire(office.database, _DAYS) == 1
    assert _there(office, old) == (False, 0, False)
    assert _there(office, new) == (True, 5, True)
    with office.database.connect() as connection:
        assert connection.execute(select(send_counts).where(send_counts.c.campaign_id == old.id)).all() == []


@pytest.mark.parametrize("state", ["draft", "scheduled", "running", "paused", "failed"])
def test_what_has_not_ended_stays(office: Office, state: str) -> None:
    campaign = _campaign(office, state)
    assert expiry.expire(office.database, _DAYS) == 0
    assert _there(office, campaign) == (True, 5, True)


def test_what_has_a_send_that_has_not_ended_stays_until_it_has(office: Office) -> None:
    campaign = _campaign(office, fed=5)
    _count_sends(office, campaign.id, 4)
    assert expiry.expire(office.database, _DAYS) == 0
    assert _there(office, campaign) == (True, 5, True)


def test_what_came_of_it_stays_without_it(office: Office) -> None:
    parent = _campaign(office)
    child = _campaign(office, days=1, parent_id=parent.id, occurs_at=datetime.now(UTC) - timedelta(days=1))
    assert expiry.expire(office.database, _DAYS) == 1
    assert _there(office, child) == (True, 5, True)
    assert office.load(child).parent_id is None


def test_a_store_that_is_away_keeps_the_campaign_until_the_next_run(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _campaign(office)

    def refuse(_: str) -> None:
        raise storage.StorageError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", refuse)
        assert expiry.expire(office.database, _DAYS) == 0
    assert _there(office, campaign) == (True, 0, True)
    assert expiry.expire(office.database, _DAYS) == 1
    assert _there(office, campaign) == (False, 0, False)


def test_upkeep_does_so(office: Office) -> None:
    old, new = (_campaign(office, days=settings.get().retention_days + each) for each in (1, -1))
    upkeep.expire()
    assert [_there(office, each)[0] for each in (old, new)] == [False, True]


def test_one_that_somebody_deletes_meanwhile_is_passed_over(office: Office) -> None:
    assert not expiry._expire(office.database, ids.new())
