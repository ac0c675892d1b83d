"""A cancelled campaign sends nothing more: what waits is cancelled, and what is under way has its outcome."""

from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

import pytest

from shared.domain.outcome import Action, Code, NotSent, Unknown
from shared.domain.retry import Again, End
from shared.management import held
from shared.management.campaigns import control, progress
from shared.management.errors import TooLate
from tests.integration.worker.campaigns import rows
from tests.integration.worker.campaigns.conftest import Campaigns, Feed, Limit
from tests.integration.worker.campaigns.fed import Fed, fed
from tests.integration.worker.conftest import later
from worker import recovery
from worker.campaigns import feeding
from worker.deliver import settle
from worker.deliver.consequences import NOTHING
from worker.deliver.resolving import Resolution
from worker.runtime.shutdown import Stopping

_REFUSED = NotSent(code=Code.RECIPIENT_UNREACHABLE, reason="not there", action=Action.NEXT)
_BUSY = NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="busy", action=Action.RETRY)
_AGAIN = Again(delay=0.0, spends_attempt=True)
_LOST = Unknown(code=Code.CONNECTION_LOST, reason="lost")


def _sends(campaign: Fed) -> list[str]:
    return [row["state"] for row in rows.made(campaign.desk.database, campaign.id)]


def _in_flight(campaign: Fed) -> int:
    with campaign.desk.database.connect() as connection:
        return progress.progress(connection, [campaign.id])[campaign.id].in_flight


def _is_over(campaign: Fed) -> bool:
    return rows.campaign(campaign.desk.database, campaign.id)["ended_at"] is not None


def test_what_waits_is_cancelled_with_every_tier_and_nothing_is_fed(campaigns: Campaigns, feed: Feed, limit: Limit) -> None:
    limit(campaign_in_flight=2)
    campaign = fed(campaigns, feed, 4, ("telegram", 0), ("email", 1))
    limit(campaign_in_flight=10)
    assert campaign.cancel() == 0
    assert campaign.states() == [["cancelled", "cancelled"]] * 2
    assert (_sends(campaign), _in_flight(campaign), _is_over(campaign)) == (["cancelled"] * 2, 0, True)
    assert feed() == []
    assert rows.recipient_states(campaigns.database, campaign.id) == ["taken", "taken", "pending", "pending"]


def test_a_call_under_way_has_its_outcome_and_nothing_follows_it(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 3, ("telegram", 0), ("email", 1))
    sent, refused = campaign.claim(1), campaign.claim(2)
    assert campaign.cancel() == 2
    assert not _is_over(campaign)
    campaign.record(sent)
    with ThreadPoolExecutor(max_workers=1) as threads:
        waiting: Future[int] = threads.submit(campaign.cancel, 30)
        campaign.record(refused, _REFUSED)
        assert waiting.result() == 0
    assert campaign.states() == [["sent", "cancelled"], ["failed", "cancelled"], ["cancelled", "cancelled"]]
    assert (_sends(campaign), _is_over(campaign)) == (["sent", "failed", "cancelled"], True)


@pytest.mark.parametrize("left", ["recorded", "given back"])
def test_a_call_that_would_be_made_again_is_cancelled_by_the_next_look(campaigns: Campaigns, feed: Feed, left: str) -> None:
    campaign = fed(campaigns, feed, 1)
    claimed = campaign.claim(1)
    campaign.cancel()
    if left == "recorded":
        campaign.record(claimed, _BUSY, _AGAIN)
    else:
        campaign.give_back(claimed)
    assert (campaign.states(), _is_over(campaign)) == ([["waiting"]], False)
    feed()
    assert (campaign.states(), _sends(campaign), _is_over(campaign)) == ([["cancelled"]], ["cancelled"], True)


def test_a_paused_campaign_is_cancelled_with_what_is_parked(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 2, ("telegram", 0), ("email", 1))
    claimed = campaign.claim(1)
    campaign.pause()
    campaign.record(claimed, _REFUSED)
    assert campaign.states() == [["failed", "waiting"], ["waiting", "waiting"]]
    campaign.cancel()
    assert campaign.states() == [["failed", "cancelled"], ["cancelled", "cancelled"]]
    assert (_sends(campaign), _in_flight(campaign)) == (["failed", "cancelled"], 0)


def test_the_last_pause_of_a_cancelled_campaign_is_none_of_the_time_in_which_it_ran(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1)
    campaign.record(campaign.claim(1))
    campaign.pause()
    rows.change(campaigns.database, campaign.id, started_at=later(-3610), paused_at=later(-3600), paused_seconds=0.0)
    campaign.cancel()
    with campaigns.database.connect() as connection:
        per_second = progress.progress(connection, [campaign.id])[campaign.id].per_second
    assert per_second == pytest.approx(1 / 10, rel=0.2)


def test_what_is_held_waits_for_a_person_who_can_send_it_no_more(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1)
    campaign.record(campaign.claim(1), _LOST, End(held=True))
    campaign.cancel()
    feed()
    assert not _is_over(campaign)
    with pytest.raises(TooLate, match="was cancelled"), campaigns.database.begin() as connection:
        held.release(connection, campaign.first(1), None, "somebody")
    with campaigns.database.begin() as connection:
        send_id = held.fail(connection, campaign.first(1), None, "somebody")
    _advance(campaign, send_id)
    feed()
    assert (_sends(campaign), _is_over(campaign)) == (["failed"], True)


def test_what_is_held_is_looked_at_once_a_run(
    campaigns: Campaigns, feed: Feed, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = fed(campaigns, feed, 1)
    campaign.record(campaign.claim(1), _LOST, End(held=True))
    campaign.cancel()
    limit(campaign_in_flight=1)
    campaigns.run(3)
    looked, rounds, feed_once = list[UUID](), list[None](), feeding._feed
    stopping = Stopping()

    def feed_thrice() -> feeding._Fed:
        rounds.append(None)
        if len(rounds) == 3:
            stopping.set()
        return feed_once()

    for name, value in {"_SECONDS": 60.0, "_REST": 0.0, "_feed": feed_thrice}.items():
        monkeypatch.setattr(feeding, name, value)
    monkeypatch.setattr(control, "close", lambda _, campaign_id: looked.append(campaign_id))
    feeding.feed(stopping)
    assert (len(rounds), looked.count(campaign.id)) == (3, 1)


def test_what_is_held_of_a_paused_campaign_is_sent_after_its_resumption(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1)
    campaign.record(campaign.claim(1), _LOST, End(held=True))
    campaign.pause()
    with campaigns.database.begin() as connection:
        held.release(connection, campaign.first(1), None, "somebody")
    assert campaign.states() == [["waiting"]]
    assert campaign.resume() == [campaign.first(1)]


def test_a_late_failure_sends_nothing_of_a_campaign_that_is_over(campaigns: Campaigns, feed: Feed) -> None:
    campaign = fed(campaigns, feed, 1, ("telegram", 0), ("email", 1))
    campaign.record(campaign.claim(1))
    campaign.cancel()
    assert (campaign.states(), _is_over(campaign)) == ([["sent", "skipped"]], True)
    failed = Resolution.failed(campaign.first(1), "the provider reported it as failed", _REFUSED, "42:1", NOTHING, reopens=True)

    async def resolve() -> None:
        async with campaign.desk.process.engine.begin() as connection:
            await settle.resolve(connection, [failed])

    campaign.desk.runtime.run(resolve())
    assert _in_flight(campaign) == 1
    campaign.desk.runtime.run(recovery.recover(campaign.desk.process))
    feed()
    assert (campaign.states(), _sends(campaign)) == ([["failed", "cancelled"]], ["failed"])
    assert (_in_flight(campaign), _is_over(campaign)) == (0, True)


def _advance(campaign: Fed, send_id: UUID) -> None:
    campaign.desk.runtime.run(recovery.advance_sends(campaign.desk.process, [send_id]))


@pytest.mark.parametrize("state", ["draft", "scheduled"])
def test_what_was_never_started_can_be_cancelled(campaigns: Campaigns, state: str) -> None:
    campaign_id = campaigns.run(1, state=state)
    assert control.cancel(campaigns.database, None, campaign_id, 0).in_flight == 0
    first = rows.campaign(campaigns.database, campaign_id)
    assert (first["state"], first["ended_at"] is None) == ("cancelled", False)
    control.cancel(campaigns.database, None, campaign_id, 0)
    assert rows.campaign(campaigns.database, campaign_id) == first


@pytest.mark.parametrize("state", ["importing", "completed", "failed"])
def test_what_has_ended_or_is_being_read_cannot_be_cancelled(campaigns: Campaigns, state: str) -> None:
    campaign_id = campaigns.run(1, state=state)
    with pytest.raises(TooLate, match=f"the campaign is {state} and cannot be cancelled"):
        control.cancel(campaigns.database, None, campaign_id, 0)
