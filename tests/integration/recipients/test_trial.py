"""A dry run tells what a worker would do, and a preview shows what a recipient would get."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update

from shared import ids
from shared.db.tables import campaigns, contacts, conversations, suppressions, templates
from shared.domain.campaigns import CampaignPlan, RecipientState, dump_plan
from shared.domain.channels import Channel
from shared.domain.outcome import NotSent
from shared.management.campaigns import preview, trial
from shared.management.campaigns.records import Campaign
from shared.management.campaigns.trial import Trial
from shared.management.errors import NotFound
from tests.integration import own_lines
from tests.integration.recipients.conftest import HELLO, Office
from tests.integration.recipients.taken import take
from worker.deliver import claim as claims
from worker.deliver import one

_SUBJECT: Final = {"subject": "Hi {{name}}", "html": "<p>{{name}}</p>"}


def _judge(office: Office, campaign: Campaign) -> Trial:
    with office.database.connect() as connection:
        return trial.run(connection, office.load(campaign))


def _codes(office: Office, campaign: Campaign, position: int) -> list[str | None]:
    with office.database.connect() as connection:
        shown = preview.show(connection, office.load(campaign), position)
    return [each.code for each in shown.channels]


async def _worker_says(delivery_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Claim deliveries as a worker does, and give the code of what stops each before its call."""
    async with own_lines.opened() as lines:
        claimed, _ = await claims.claim(lines, delivery_ids)
    stops = {each.id: getattr(one.prepare_call(each), "outcome", None) for each in claimed}
    return {identifier: stop.code if isinstance(stop, NotSent) else None for identifier, stop in stops.items()}


def _suppress(office: Office, channel: str, address: str, expires_at: Any = None) -> None:
    values = {"id": ids.new(), "account_id": office.account_id, "channel": channel, "address": address, "reason": "manual"}
    with office.database.begin() as connection:
        connection.execute(insert(suppressions).values(**values, expires_at=expires_at))


def _know(office: Office, channel: str, address: str, **words: Any) -> None:
    with office.database.begin() as connection:
        connection.execute(
            insert(contacts).values(account_id=office.account_id, channel=channel, address=address, **words),
        )


def _wrote(office: Office, address: str, ago: str) -> None:
    at = text(f"now() - interval '{ago}'")
    values = {"key_id": office.keys[Channel.WABA], "address": address, "account_id": office.account_id, "last_inbound_at": at}
    with office.database.begin() as connection:
        connection.execute(insert(conversations).values(**values))


_FILE: Final = """telegram,email,waba,name
1,a@b.example,6281200000001,Ann
2,b@b.example,6281200000002,Bob
3,nobody,6281200000003,Cid
4,,6281200000004,Dan
5,e@b.example,12,Eve
6,f@b.example,,Fay
7,g@b.example,6281200000007,
"""


def test_each_channel_of_each_recipient_is_judged_as_by_the_worker(office: Office) -> None:
    template = office.template(Channel.EMAIL, _SUBJECT)
    office.key(Channel.WABA, settings={"window": "enforce"})
    plan = CampaignPlan(
        channels=(
            office.planned(Channel.TELEGRAM),
            office.planned(Channel.EMAIL, content=None, template_id=template),
            office.planned(Channel.WABA),
        ),
        variables={"name": "you"},
    )
    campaign = office.campaign(*plan.channels)
    with office.database.begin() as connection:
        connection.execute(update(campaigns).where(campaigns.c.id == campaign.id).values(plan=dump_plan(plan)))
    campaign = office.load(campaign)
    assert office.fill(campaign, _FILE).refused == 0
    for number, ago in enumerate(("1 hour", "25 hours", "23 hours"), start=1):
        _wrote(office, f"628120000000{number}", ago)
    _suppress(office, "telegram", "1", text("now() - interval '1 second'"))
    _suppress(office, "telegram", "2")
    _suppress(office, "email", "2")
    _know(office, "email", "b@b.example", opted_out_at=text("now()"))
    _know(office, "email", "a@b.example", opted_out_at=text("now() - interval '1 hour'"), opted_in_at=text("now()"))
    _know(office, "telegram", "7", opted_out_at=text("now()"))
    with office.database.begin() as connection:
        connection.execute(update(templates).where(templates.c.id == template).values(active=False))
        without = replace(plan, variables={})
        connection.execute(update(campaigns).where(campaigns.c.id == campaign.id).values(plan=dump_plan(without)))

    campaign = office.load(campaign)
    told = {position: _codes(office, campaign, position) for position in range(1, 8)}
    sends = {position: take(office, campaign, position) for position in range(1, 8)}
    named = {position: ids.deliveries_of(send_id, 3) for position, send_id in sends.items()}
    said = asyncio.run(_worker_says([each for delivery_ids in named.values() for each in delivery_ids]))
    assert told == {position: [said[each] for each in delivery_ids] for position, delivery_ids in named.items()}
    assert told == {
        1: [None, "template_inactive", None],
        2: ["recipient_suppressed", "recipient_opted_out", "outside_window"],
        3: [None, "target_invalid", None],
        4: [None, "target_missing", "outside_window"],
        5: [None, "template_inactive", "target_invalid"],
        6: [None, "template_inactive", "target_missing"],
        7: ["recipient_opted_out", "template_inactive", "outside_window"],
    }


def test_rows_are_counted_by_what_is_wrong_with_them(office: Office) -> None:
    campaign = office.campaign(office.planned(Channel.TELEGRAM), office.planned(Channel.EMAIL, 1))
    office.fill(campaign, "telegram,email,name\n1,a@b.example,A\n,,B\n,,C\n2,,\n1,a@b.example,D\n3,,E\n4,b@b.example,F\n")
    _suppress(office, "telegram", "3")
    _suppress(office, "telegram", "4")
    told = _judge(office, campaign)
    empty = "no Telegram target: column 'telegram' is empty, no Email target: column 'email' is empty"
    nameless = "the Telegram message needs the variable 'name': column 'name' is empty"
    assert (told.rows, told.refused, told.duplicates, told.recipients, told.sent, told.skipped) == (7, 3, 1, 3, 2, 1)
    assert told.refusals == {empty: 2, nameless: 1}
    telegram, email = told.channels
    assert (telegram.sent, telegram.not_needed, telegram.stopped) == (1, 0, {"recipient_suppressed": 2})
    assert (email.sent, email.not_needed, email.stopped) == (1, 1, {"target_missing": 1})


@pytest.mark.parametrize(
    ("key", "template", "code"),
    [
        ({"status": "suspended", "status_code": "device_disconnected"}, {}, "device_disconnected"),
        ({"status": "suspended"}, {}, "key_suspended"),
        ({"status": "revoked"}, {}, "key_revoked"),
        ({"quota_limit": 0}, {}, "quota_exceeded"),
        ({}, {"status": "rejected"}, "template_not_approved"),
        ({}, {"active": False}, "template_inactive"),
        ({}, {"body": {}}, "content_invalid"),
        ({}, {"channel": "telegram"}, "template_not_found"),
        ({}, {}, None),
    ],
)
def test_what_stops_a_channel_stops_all_its_recipients(
    office: Office, key: dict[str, Any], template: dict[str, Any], code: str | None
) -> None:
    office.key(Channel.EMAIL, **key)
    number = office.template(channel=Channel.EMAIL, body=_SUBJECT)
    campaign = office.campaign(office.planned(Channel.EMAIL, content=None, template_id=number))
    office.fill(campaign, "email,name\na@b.example,A\nb@b.example,B\n")
    if template:
        with office.database.begin() as connection:
            connection.execute(update(templates).where(templates.c.id == number).values(**template))
    told = _judge(office, campaign)
    assert told.channels[0].stopped == ({} if code is None else {code: 2})
    assert told.sent == (2 if code is None else 0)


@pytest.mark.parametrize("size", [2, 50_000])
def test_a_quota_goes_to_the_first_and_the_others_to_the_next_tier(
    office: Office, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_RANGE", size)
    office.key(Channel.TELEGRAM, quota_limit=5, quota_used=2)
    office.key(Channel.EMAIL, quota_limit=9, quota_used=8, quota_period="day", quota_resets_at=text("now() - interval '1 day'"))
    campaign = office.campaign(office.planned(Channel.TELEGRAM), office.planned(Channel.EMAIL, 1))
    people = "".join(f"{number},{'' if number == 5 else f'{number}@b.example'},A\n" for number in range(1, 9))
    office.fill(campaign, f"telegram,email,name\n{people}")
    _suppress(office, "telegram", "2")
    told = _judge(office, campaign)
    telegram, email = told.channels
    assert (telegram.sent, telegram.stopped) == (3, {"recipient_suppressed": 1, "quota_exceeded": 4})
    assert (email.sent, email.not_needed, email.stopped) == (4, 3, {"target_missing": 1})
    assert (told.sent, told.skipped) == (7, 1)


class TestPreview:
    """One row as its recipient would get it."""

    def test_fills_what_is_said_to_all_and_to_one(self, office: Office) -> None:
        template = office.template(Channel.EMAIL, _SUBJECT)
        campaign = office.campaign(
            office.planned(Channel.TELEGRAM), office.planned(Channel.EMAIL, 1, content=None, template_id=template)
        )
        office.fill(campaign, "telegram,email,name\n77,A@B.example,<b>\n")
        with office.database.connect() as connection:
            shown = preview.show(connection, office.load(campaign), 1)
        telegram, email = shown.channels
        assert (telegram.target, telegram.code) == ("77", None)
        assert telegram.content == {**HELLO, "message": "Hello <b>", "richContext": {}}
        assert (email.target, email.code) == ("A@B.example", "not_needed")
        assert email.content == {"subject": "Hi <b>", "html": "<p>&lt;b&gt;</p>"}

    def test_tells_of_a_refused_row_what_stood_in_it(self, office: Office) -> None:
        campaign = office.campaign()
        office.fill(campaign, "telegram,name\nx,Ann\n")
        with office.database.connect() as connection:
            shown = preview.show(connection, office.load(campaign), 1)
        assert (shown.state, shown.reason) == (RecipientState.REFUSED, "invalid Telegram target in column 'telegram'")
        assert (shown.values, shown.channels) == ({"telegram": "x", "name": "Ann"}, ())

    def test_says_why_a_key_is_stopped(self, office: Office) -> None:
        campaign = office.campaign()
        office.fill(campaign, "telegram,name\n1,Ann\n")
        office.key(Channel.TELEGRAM, status="suspended", status_reason="Device disconnected")
        with office.database.connect() as connection:
            (shown,) = preview.show(connection, office.load(campaign), 1).channels
        assert (shown.code, shown.reason) == ("key_suspended", "Device disconnected")

    @pytest.mark.parametrize("position", [0, 2, 2**63])
    def test_knows_no_row_that_is_not_there(self, office: Office, position: int) -> None:
        campaign = office.campaign()
        office.fill(campaign, "telegram,name\n1,Ann\n")
        with office.database.connect() as connection, pytest.raises(NotFound):
            preview.show(connection, office.load(campaign), position)
