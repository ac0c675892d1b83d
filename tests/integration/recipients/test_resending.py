"""Those whom a campaign did not reach, and no others, are sent to again."""

from collections.abc import Set as AbstractSet
from datetime import time

import pytest

from shared.domain.campaigns import ENDED, CampaignState
from shared.domain.channels import Channel
from shared.domain.states import SendState
from shared.management.campaigns import records, resending
from shared.management.campaigns.records import Campaign
from shared.management.errors import Invalid, TooLate
from tests.integration.recipients.conftest import Office
from tests.integration.recipients.taken import take

FAILED = resending.FAILURES
_ENDS = ("sent", "failed", "unknown", "failed", "expired", "cancelled", "running")
_FILE = "telegram,name\n" + "".join(f"{number},N{number}\n" for number in range(1, 10)) + "1,Twice\nx,Wrong\n"


@pytest.fixture(autouse=True)
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resending, "_RANGE", 3)


def _ended(office: Office) -> Campaign:
    """Make a campaign whose first recipients have had each end; the others were not taken."""
    campaign = office.campaign(office.planned(Channel.TELEGRAM))
    office.fill(campaign, _FILE)
    for position, state in enumerate(_ENDS, start=1):
        take(office, campaign, position, state)
    office.change(campaign, state="completed", quiet_from=time(21), quiet_until=time(7), rate_per_second=5.0)
    return office.load(campaign)


def _resend(office: Office, campaign: Campaign, name: str | None = None, states: AbstractSet[SendState] = FAILED) -> Campaign:
    with office.database.begin() as connection:
        return resending.of_failures(connection, records.lock(connection, office.account_id, campaign.id), name, states)


@pytest.mark.parametrize(
    ("states", "positions"),
    [
        ({SendState.FAILED}, [2, 4]),
        ({SendState.FAILED, SendState.EXPIRED}, [2, 4, 5]),
        ({SendState.UNKNOWN, SendState.CANCELLED}, [3, 6]),
    ],
)
def test_the_new_campaign_has_those_whose_sends_ended_so(office: Office, states: set[SendState], positions: list[int]) -> None:
    child = _resend(office, _ended(office), states=states)
    columns = ("position", "state", "targets", "addresses", "variables", "send_id")
    assert office.rows(child, *columns) == [
        (number, "pending", {"telegram": str(row)}, {"telegram": str(row)}, {"name": f"N{row}"}, None)
        for number, row in enumerate(positions, start=1)
    ]
    assert (child.state, child.rows, child.refused, child.duplicates) == (CampaignState.DRAFT, len(positions), 0, 0)


def test_the_new_campaign_says_the_same_by_the_same_rules(office: Office) -> None:
    campaign = _ended(office)
    child = _resend(office, campaign)
    assert (child.parent_id, child.occurs_at, child.name) == (campaign.id, None, "Spring (again)")
    same = ("account_id", "plan", "mapping", "time_zone", "quiet_from", "quiet_until", "rate_per_second")
    assert [getattr(child, name) for name in same] == [getattr(campaign, name) for name in same]
    assert _resend(office, campaign, "Second try").name == "Second try"
    office.change(campaign, name="x" * 200)
    assert _resend(office, campaign).name == "x" * 192 + " (again)"


@pytest.mark.parametrize("state", sorted(set(CampaignState) - ENDED))
def test_what_may_still_fail_is_not_sent_again(office: Office, state: CampaignState) -> None:
    campaign = _ended(office)
    office.change(campaign, state=state.value)
    with pytest.raises(TooLate):
        _resend(office, campaign)


@pytest.mark.parametrize(
    ("name", "states", "field"),
    [(None, {SendState.SENT}, "states"), (None, set[SendState](), "states"), (" ", {SendState.FAILED}, "name")],
)
def test_a_wrong_wish_makes_no_campaign(office: Office, name: str | None, states: set[SendState], field: str) -> None:
    campaign = _ended(office)
    with pytest.raises(Invalid) as raised:
        _resend(office, campaign, name, states)
    assert raised.value.field == field
    with office.database.connect() as connection:
        assert [each.id for each in records.page(connection, office.account_id, 10)] == [campaign.id]
