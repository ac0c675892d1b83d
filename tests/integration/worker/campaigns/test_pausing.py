"""A pause is exact: whatever state a delivery is in, nothing leaves until the campaign is resumed, and nothing is lost by it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update

from shared import ids
from shared.db.tables import deliveries, sends
from shared.domain.outcome import Action, Code, NotSent, Sent
from shared.domain.retry import Again, End
from shared.management.campaigns import control
from shared.management.campaigns.control import Halted
from shared.management.errors import NotFound, TooLate
from tests.acceptance.backend import await_true
from tests.integration.worker.campaigns import rows
from tests.integration.worker.campaigns.conftest import Campaigns, Feed, Limit
from tests.integration.worker.campaigns.fed import Fed, fed
from tests.integration.worker.conftest import Desk, later
from worker import recovery
from worker.deliver import settle
from worker.deliver.consequences import NOTHING
from worker.deliver.resolving import Resolution

_REFUSED = NotSent(code=Code.RECIPIENT_UNREACHABLE, reason="not there", action=Action.PERMANENT)
_BUSY = NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="busy", action=Action.RETRY)
_AGAIN = Again(delay=0.0, spends_attempt=True)


@contextmanager
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as threads:
        yield threads


def test_what_is_queued_or_put_off_is_parked_and_comes_back_as_it_was(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 2)
    put_off = {"not_before": later(600), "published_at": None}
    with campaigns.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == campaign.first(2)).values(put_off))
    assert campaign.pause() == 0
    assert campaign.states() == [["waiting"], ["waiting"]]
    assert campaign.desk.claim(campaign.everything()) == []
    assert campaign.resume() == [campaign.first(1)]
    assert campaign.states() == [["queued"], ["queued"]]
    assert campaign.desk.row(campaign.first(2))["published_at"] is None
    assert [each.id for each in campaign.desk.claim(campaign.everything())] == [campaign.first(1)]


def test_a_paused_campaign_is_not_fed_and_goes_on_with_the_very_next_recipient(
    campaigns: Campaigns, feed: Feed, limit: Limit
) -> None:
    limit(campaign_in_flight=3)
    campaign = fed(campaigns, feed, 8)
    campaign.pause()
    limit(campaign_in_flight=100)
    assert feed() == []
    campaign.resume()
    feed()
    found = rows.delivered(campaigns.database, campaign.id)
    assert [row["target"] for row in found] == [str(1000 + position) for position in range(1, 9)]


def test_the_pause_waits_for_calls_under_way_and_says_how_many_are_left(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 3)
    calls = [campaign.claim(1), campaign.claim(2)]
    assert campaign.pause() == 2
    assert campaign.states() == [["claimed"], ["claimed"], ["waiting"]]
    campaign.record(calls[0])
    assert campaign.pause() == 1
    with beside() as threads:
        waiting: Future[int] = threads.submit(campaign.pause, 30)
        campaign.record(calls[1])
        assert waiting.result() == 0
    assert campaign.states() == [["sent"], ["sent"], ["waiting"]]
    assert campaign.resume() == [campaign.first(3)]


@pytest.mark.parametrize("left", ["recorded", "given back"])
def test_a_call_that_is_to_be_made_again_waits_for_the_resumption(campaigns: Campaigns, feed: Feed, left: str) -> None:
    campaign = fed(campaigns, feed, 1)
    claimed = campaign.claim(1)
    assert campaign.pause() == 1
    if left == "recorded":
        campaign.record(claimed, _BUSY, _AGAIN)
    else:
        campaign.give_back(claimed)
    assert campaign.states() == [["waiting"]]
    assert campaign.pause() == 0
    assert campaign.resume() == [campaign.first(1)]
    again = campaign.claim(1)
    assert again.attempts == (1 if left == "recorded" else 0)
    assert again.patient_since >= claimed.now


def test_a_claim_that_is_given_back_in_the_moment_of_the_pause_is_parked_by_it(campaigns: Campaigns, feed: Feed) -> None:
    """Its statement began before the pause was committed, so that it does not know of it."""
    campaign = fed(campaigns, feed, 1)
    claimed = campaign.claim(1)
    back = update(deliveries).where(deliveries.c.id == claimed.id).values(state="queued", claim_id=None, lease_until=None)
    with beside() as threads:
        with campaigns.database.begin() as connection:
            connection.execute(back)
            waiting: Future[int] = threads.submit(campaign.pause, 30)
            await_true(lambda: rows.campaign(campaigns.database, campaign.id)["state"] == "paused")
        assert waiting.result() == 0
    assert campaign.states() == [["waiting"]]


def test_a_tier_that_opens_meanwhile_waits_for_the_resumption(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1, ("telegram", 0), ("email", 1))
    claimed = campaign.claim(1)
    campaign.pause()
    campaign.record(claimed, _REFUSED)
    assert campaign.states() == [["failed", "waiting"]]
    assert rows.made(campaigns.database, campaign.id)[0]["tier"] == 1
    second = campaign.deliveries["1001"][1]
    assert campaign.resume() == [second]
    (again,) = campaign.desk.claim([second])
    campaign.record(again, Sent(provider_message_id="1"))
    assert rows.made(campaigns.database, campaign.id)[0]["state"] == "sent"


def test_tiers_that_are_not_open_stay_closed_when_it_is_resumed(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1, ("telegram", 0), ("email", 1))
    campaign.pause()
    assert campaign.resume() == [campaign.first(1)]
    assert campaign.states() == [["queued", "waiting"]]


def test_a_channel_beside_one_that_was_sent_meanwhile_has_its_turn_yet(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1, ("telegram", 0), ("whatsapp", 0), ("email", 1))
    claimed = campaign.claim(1)
    campaign.pause()
    campaign.record(claimed)
    assert campaign.states() == [["sent", "waiting", "waiting"]]
    assert rows.made(campaigns.database, campaign.id)[0]["state"] == "running"
    beside_it = campaign.deliveries["1001"][1]
    assert campaign.resume() == [beside_it]
    (again,) = campaign.desk.claim([beside_it])
    campaign.record(again, Sent(provider_message_id="2"))
    assert campaign.states() == [["sent", "sent", "skipped"]]


def test_a_report_that_came_while_it_was_parked_is_not_sent_again(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1)
    claimed = campaign.claim(1)
    campaign.pause()
    campaign.record(claimed, _BUSY, _AGAIN)
    known = Resolution.sent(claimed.id, "the provider reported it as sent", Sent(provider_message_id="3"))

    async def resolve() -> None:
        async with campaign.desk.process.engine.begin() as connection:
            await settle.resolve(connection, [known])

    campaign.desk.runtime.run(resolve())
    assert campaign.states() == [["sent"]]
    assert campaign.resume() == []


def test_a_late_failure_opens_no_tier_of_a_paused_campaign(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1, ("telegram", 0), ("email", 1))
    campaign.record(campaign.claim(1))
    assert campaign.states() == [["sent", "skipped"]]
    campaign.pause()
    failed = Resolution.failed(campaign.first(1), "the provider reported it as failed", _REFUSED, "42:1", NOTHING, reopens=True)

    async def resolve() -> None:
        async with campaign.desk.process.engine.begin() as connection:
            await settle.resolve(connection, [failed])

    campaign.desk.runtime.run(resolve())
    assert campaign.states() == [["failed", "waiting"]]
    assert campaign.pause() == 0
    assert campaign.resume() == [campaign.deliveries["1001"][1]]


def test_recovery_leaves_what_is_parked_alone(
    campaigns: Campaigns, feed: Feed, published: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = fed(campaigns, feed, 2)
    monkeypatch.setattr(recovery, "_sweep", recovery.Sweep())
    campaign.pause()
    _age(campaign)
    published.clear()
    moved: list[UUID] = []
    monkeypatch.setattr(recovery, "advance_sends", _noting(moved))
    campaign.desk.runtime.run(recovery.recover(campaign.desk.process))
    theirs = {ids.send_of(each) for each in campaign.everything()}
    assert (theirs & set(moved), set(campaign.everything()) & set(published)) == (set(), set())
    assert campaign.states() == [["waiting"], ["waiting"]]


def test_what_was_queued_in_the_moment_of_the_pause_is_not_claimed_and_recovery_parks_it(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1)
    campaign.pause()
    with campaigns.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == campaign.first(1)).values(state="queued"))
    _age(campaign)
    assert campaign.desk.claim(campaign.everything()) == []
    campaign.desk.runtime.run(recovery.recover(campaign.desk.process))
    assert campaign.states() == [["waiting"]]
    assert campaign.resume() == [campaign.first(1)]


def test_what_was_parked_in_the_moment_of_the_resumption_is_opened_by_recovery(
    campaigns: Campaigns, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = fed(campaigns, feed, 1)
    with campaigns.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == campaign.first(1)).values(state="waiting"))
    _age(campaign)
    monkeypatch.setattr(recovery, "_sweep", recovery.Sweep())
    campaign.desk.runtime.run(recovery.recover(campaign.desk.process))
    assert campaign.states() == [["queued"]]


def _age(campaign: Fed) -> None:
    """Make sends and deliveries as old as recovery looks for."""
    with campaign.desk.database.begin() as connection:
        own = sends.c.campaign_id == campaign.id
        connection.execute(update(sends).where(own).values(created_at=later(-3600)))
        old = {"queued_at": later(-3600), "published_at": later(-3600)}
        connection.execute(update(deliveries).where(deliveries.c.campaign_id == campaign.id).values(old))


def _noting(moved: list[UUID]) -> Any:
    async def note(_process: Any, send_ids: Any) -> None:
        moved.extend(send_ids)

    return note


def test_the_pause_comes_after_whoever_makes_sends_or_takes_their_next_step(campaigns: Campaigns, feed: Feed) -> None:
    """It waits for the locks of both, and then parks what they have queued."""
    campaign = fed(campaigns, feed, 1, ("telegram", 0), ("email", 1))
    campaign.record(campaign.claim(1), _REFUSED, End())
    send_id = ids.send_of(campaign.first(1))
    with beside() as threads:
        with campaigns.database.begin() as connection:
            connection.execute(text("SELECT FROM sends WHERE id = :id FOR NO KEY UPDATE"), {"id": send_id})
            waiting: Future[int] = threads.submit(campaign.pause)
            await_true(campaign.desk.somebody_waits_for_a_lock)
        assert waiting.result() == 0
    assert campaign.states() == [["failed", "waiting"]]


def test_pausing_and_resuming_say_so_again(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1)
    assert [campaign.pause(), campaign.pause()] == [0, 0]
    first = rows.campaign(campaigns.database, campaign.id)["paused_at"]
    campaign.pause()
    assert rows.campaign(campaigns.database, campaign.id)["paused_at"] == first
    assert [len(campaign.resume()), len(campaign.resume())] == [1, 0]
    resumed = rows.campaign(campaigns.database, campaign.id)
    assert (resumed["state"], resumed["paused_at"], resumed["paused_seconds"] > 0) == ("running", None, True)


def test_a_scheduled_campaign_that_is_paused_is_scheduled_again(campaigns: Campaigns, feed: Feed) -> None:
    campaign_id = campaigns.run(2, state="scheduled", schedule_at=later(-1))
    account_id = campaigns.desk.account_id
    assert control.pause(campaigns.database, account_id, campaign_id, 0) == Halted(in_flight=0)
    assert feed() == []
    assert control.resume(campaigns.database, account_id, campaign_id) == []
    assert len(feed()) == 2


@pytest.mark.parametrize("state", ["draft", "importing", "completed", "cancelled", "failed"])
def test_what_does_not_run_can_be_neither_paused_nor_resumed(campaigns: Campaigns, state: str) -> None:
    campaign_id = campaigns.run(1, state=state)
    with pytest.raises(TooLate, match=f"the campaign is {state} and cannot be paused"):
        control.pause(campaigns.database, None, campaign_id, 0)
    with pytest.raises(TooLate, match=f"the campaign is {state} and cannot be resumed"):
        control.resume(campaigns.database, None, campaign_id)


def test_another_accounts_campaign_is_not_there(campaigns: Campaigns, another: Desk) -> None:
    campaign_id = campaigns.run(1)
    for act in (control.pause, control.cancel):
        with pytest.raises(NotFound):
            act(campaigns.database, another.account_id, campaign_id, 0)
    with pytest.raises(NotFound):
        control.resume(campaigns.database, another.account_id, campaign_id)
