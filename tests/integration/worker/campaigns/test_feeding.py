"""Recipients become sends: each once, in their order, within bounds, and fairly."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from shared import ids, queues
from shared.db.statements import campaigns as statements
from shared.db.statements import statistics
from shared.domain.confirmation import Level, Until
from tests.integration.worker.campaigns import rows
from tests.integration.worker.campaigns.conftest import Campaigns, Feed, Limit
from tests.integration.worker.conftest import Desk, later
from worker.campaigns import feeding
from worker.runtime.shutdown import Stopping


def test_recipients_become_sends_in_their_order_and_what_is_refused_is_passed(campaigns: Campaigns, feed: Feed) -> None:
    people = rows.people(6)
    people[1]["state"], people[5]["state"] = "refused", "duplicate"
    campaign_id = campaigns.run(people)
    published = feed()
    found = rows.delivered(campaigns.database, campaign_id)
    assert [row["target"] for row in found] == ["1001", "1003", "1004", "1005"]
    assert published == [row["id"] for row in found]
    assert rows.recipient_states(campaigns.database, campaign_id) == ["taken", "refused", "taken", "taken", "taken", "duplicate"]
    campaign = rows.campaign(campaigns.database, campaign_id)
    assert (campaign["position"], campaign["fed"]) == (6, 4)


def test_each_round_leaves_a_line_that_says_how_far_the_file_is(campaigns: Campaigns, feed: Feed) -> None:
    campaign_id = campaigns.run(3)
    with capture_logs() as logs:
        feed()
    (line,) = [each for each in logs if each["event"] == "campaigns.fed"]
    assert (line["campaign"], line["recipients"], line["position"]) == (ids.encode(ids.CAMPAIGN, campaign_id), 3, 3)


def test_a_send_is_what_the_campaign_plans_for_its_recipient(campaigns: Campaigns, feed: Feed) -> None:
    until = Until(level=Level.DELIVERED, within=60)
    planned = campaigns.plan(
        ("whatsapp", 0), ("telegram", 0), ("email", 1), variables={"name": "you", "shop": "Ours"}, until=until, expires_in=600
    )
    person = {
        "targets": {"whatsapp": "+62 812", "email": "Alex@Shop.Example"},
        "addresses": {"whatsapp": "62812", "email": "alex@shop.example"},
        "variables": {"name": "Alex"},
    }
    campaign_id = campaigns.run([person], planned=planned)
    published = feed()
    (send,) = rows.made(campaigns.database, campaign_id)
    assert (send["dialect"], send["state"], send["tier"], send["channels"]) == (
        "campaign", "running", 0, ["whatsapp", "telegram", "email"]
    )  # fmt: skip
    assert send["variables"] == {"name": "Alex", "shop": "Ours"}
    assert send["until"] == {"level": "delivered", "within": 60}
    assert send["expires_at"] - send["created_at"] == timedelta(minutes=10)
    found = rows.delivered(campaigns.database, campaign_id)
    assert [(row["channel"], row["tier"], row["fallback"], row["target"], row["address"], row["state"]) for row in found] == [
        ("whatsapp", 0, False, "+62 812", "62812", "queued"),
        ("telegram", 0, False, None, None, "queued"),
        ("email", 1, True, "Alex@Shop.Example", "alex@shop.example", "waiting"),
    ]
    assert {(row["queue"], row["send_id"], row["account_id"]) for row in found} == {("bulk", send["id"], campaigns.desk.account_id)}
    assert [row["queued_at"] is None for row in found] == [False, False, True]
    assert [row["key_id"] for row in found] == [channel.key_id for channel in planned.channels]
    assert found[0]["content"] == {"type": "text", "message": "Hello {{name}}"}
    assert published == [row["id"] for row in found[:2]]


def test_a_plan_that_says_no_more_leaves_it_unset(campaigns: Campaigns, feed: Feed) -> None:
    campaign_id = campaigns.run(1)
    feed()
    (send,) = rows.made(campaigns.database, campaign_id)
    assert (send["until"], send["expires_at"], send["variables"], send["schedule_at"]) == (None, None, {}, None)


@pytest.mark.parametrize("statements_done", range(1, 7))
def test_a_process_that_dies_in_a_round_has_made_no_send_and_the_next_makes_each(
    campaigns: Campaigns, feed: Feed, statements_done: int
) -> None:
    campaign_id = campaigns.run(5)
    done = itertools.count(1)

    def die(*_: Any) -> None:
        if next(done) == statements_done:
            raise SystemExit

    event.listen(campaigns.database, "after_cursor_execute", die)
    try:
        with pytest.raises(SystemExit):
            feeding._feed()
    finally:
        event.remove(campaigns.database, "after_cursor_execute", die)
    assert rows.made(campaigns.database, campaign_id) == []
    feed()
    assert rows.targets(campaigns.database, campaign_id) == Counter({str(1000 + position): 1 for position in range(1, 6)})
    assert rows.campaign(campaigns.database, campaign_id)["fed"] == 5


def test_what_the_broker_does_not_take_is_made_and_left_to_recovery(
    campaigns: Campaigns, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError

    campaign_id = campaigns.run(3)
    with monkeypatch.context() as patch:
        patch.setattr(queues, "publish_deliveries", refuse)
        feeding.feed(Stopping())
    queued = [row["published_at"] is not None for row in rows.delivered(campaigns.database, campaign_id)]
    assert (queued, feed()) == ([True] * 3, [])


class _NoLock:
    """Lets every thread feed, as processes would."""

    def acquire(self, *, blocking: bool) -> bool:
        return not blocking

    def release(self) -> None:
        pass


def test_of_several_processes_that_feed_at_once_each_makes_others_sends(
    campaigns: Campaigns, published: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "_one_run", _NoLock())
    monkeypatch.setattr(feeding, "_BATCH", 7)
    campaign_ids = [campaigns.run(60) for _ in range(3)]

    def run(_: int) -> None:
        while any(rows.campaign(campaigns.database, each)["fed"] < 60 for each in campaign_ids):
            feeding._feed()

    with ThreadPoolExecutor(max_workers=4) as threads:
        list(threads.map(run, range(4)))
    once = Counter({str(1000 + position): 1 for position in range(1, 61)})
    assert [rows.targets(campaigns.database, each) for each in campaign_ids] == [once] * 3
    assert len(published) == len(set(published)) == 180


def test_who_comes_while_another_process_feeds_goes_away(campaigns: Campaigns, feed: Feed) -> None:
    campaign_id = campaigns.run(1)
    with campaigns.database.begin() as another:
        another.execute(statements.take_turn)
        assert feed() == []
    assert len(feed()) == 1
    assert rows.campaign(campaigns.database, campaign_id)["fed"] == 1


def test_a_second_run_of_the_same_process_returns_at_once(campaigns: Campaigns, feed: Feed) -> None:
    campaigns.run(1)
    with feeding._one_run:
        assert feed() == []


def test_no_more_sends_are_under_way_than_there_is_room_for(campaigns: Campaigns, feed: Feed, limit: Limit) -> None:
    limit(campaign_in_flight=5)
    campaign_id = campaigns.run(20)
    assert [len(feed()), len(feed())] == [5, 0]
    rows.end_sends(campaigns.database, campaign_id, 2)
    assert [len(feed()), len(feed())] == [2, 0]
    with campaigns.database.begin() as connection:
        connection.execute(statistics.fold_sends, {"limit": 1000})
    assert len(feed()) == 0
    rows.end_sends(campaigns.database, campaign_id, 3, "failed")
    assert len(feed()) == 3
    assert rows.campaign(campaigns.database, campaign_id)["position"] == 10


def test_who_waits_for_a_receipt_or_a_person_takes_no_room(campaigns: Campaigns, feed: Feed, limit: Limit) -> None:
    limit(campaign_in_flight=5)
    campaign_id = campaigns.run(20)
    assert [len(feed()), len(feed())] == [5, 0]
    rows.answer(campaigns.database, campaign_id)
    assert [len(feed()), len(feed())] == [5, 0]
    assert rows.campaign(campaigns.database, campaign_id)["state"] == "running"


def test_room_is_shared_by_accounts_first(campaigns: Campaigns, another: Desk, feed: Feed, limit: Limit) -> None:
    limit(feed_most=12)
    of_one = [campaigns.run(50) for _ in range(3)]
    of_another = Campaigns(desk=another).run(50)
    assert len(feed()) == 12
    fed = {each: rows.campaign(campaigns.database, each)["fed"] for each in (*of_one, of_another)}
    assert [fed[each] for each in of_one] == [2, 2, 2]
    assert fed[of_another] == 6


def test_an_account_whose_sends_do_not_end_keeps_no_other_from_its_part(
    campaigns: Campaigns, another: Desk, feed: Feed, limit: Limit
) -> None:
    limit(feed_most=12)
    for _ in range(3):
        campaigns.run(50)
    assert [len(feed()), len(feed())] == [12, 0]
    of_another = Campaigns(desk=another).run(50)
    assert [len(feed()), len(feed())] == [6, 0]
    assert rows.campaign(campaigns.database, of_another)["fed"] == 6


def test_a_campaign_with_a_rate_gets_no_more_than_that_and_nothing_for_a_pause(
    campaigns: Campaigns, feed: Feed, limit: Limit
) -> None:
    limit(feed_interval=1.0)
    campaign_id = campaigns.run(50, rate_per_second=4.0)
    assert [len(feed()), len(feed())] == [1, 0]
    rows.change(campaigns.database, campaign_id, fed_at=later(-0.5), credit=0.0)
    assert len(feed()) in {2, 3}
    rows.change(campaigns.database, campaign_id, fed_at=later(-3600), credit=0.0)
    assert [len(feed()), len(feed())] == [5, 0]


def test_who_sleeps_is_passed_and_has_the_first_turn_afterwards(campaigns: Campaigns, feed: Feed) -> None:
    now = datetime.now(UTC)
    asleep, awake = _zone(at=2, now=now), _zone(at=12, now=now)
    people = [
        rows.person("1001", time_zone=asleep),
        rows.person("1002", time_zone=awake),
        rows.person("1003"),
        rows.person("1004", time_zone=awake),
        rows.person("1005", time_zone=awake),
    ]
    quiet: dict[str, Any] = {"quiet_from": time(21), "quiet_until": time(7), "time_zone": asleep}
    campaign_id = campaigns.run(people, rate_per_second=1000.0, **quiet)
    rows.change(campaigns.database, campaign_id, fed_at=later(-0.0035))
    feed()
    assert rows.recipient_states(campaigns.database, campaign_id)[:3] == ["deferred", "taken", "deferred"]
    rows.change(campaigns.database, campaign_id, rate_per_second=None)
    feed()
    assert rows.targets(campaigns.database, campaign_id) == Counter(["1002", "1004", "1005"])
    assert rows.campaign(campaigns.database, campaign_id)["state"] == "running"
    due = _due(campaigns, campaign_id)
    assert [moment > now for moment in due] == [True, True]
    assert {moment.astimezone(UTC).minute for moment in due} == {0}
    _make_due(campaigns, campaign_id)
    rows.change(campaigns.database, campaign_id, quiet_from=None, quiet_until=None)
    feed()
    assert rows.recipient_states(campaigns.database, campaign_id) == ["taken"] * 5
    assert [row["target"] for row in rows.delivered(campaigns.database, campaign_id)][3:] == ["1001", "1003"]


def test_who_sleeps_again_when_the_turn_comes_is_deferred_again(campaigns: Campaigns, feed: Feed) -> None:
    asleep = _zone(at=2, now=datetime.now(UTC))
    campaign_id = campaigns.run([rows.person("1001", time_zone=asleep)], quiet_from=time(21), quiet_until=time(7))
    feed()
    _make_due(campaigns, campaign_id)
    feed()
    assert rows.recipient_states(campaigns.database, campaign_id) == ["deferred"]
    assert _due(campaigns, campaign_id)[0] > datetime.now(UTC)


def _zone(at: int, now: datetime) -> str:
    """Name a time zone in which it is about that hour."""
    ahead = (at - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"


def _due(campaigns: Campaigns, campaign_id: UUID) -> list[datetime]:
    chosen = "SELECT due_at FROM campaign_recipients WHERE campaign_id = :id AND state = 'deferred' ORDER BY position"
    with campaigns.database.connect() as connection:
        return list(connection.execute(text(chosen), {"id": campaign_id}).scalars())


def _make_due(campaigns: Campaigns, campaign_id: UUID) -> None:
    changed = "UPDATE campaign_recipients SET due_at = now() WHERE campaign_id = :id AND state = 'deferred'"
    with campaigns.database.begin() as connection:
        connection.execute(text(changed), {"id": campaign_id})


@pytest.mark.parametrize("state", ["draft", "importing", "scheduled", "paused", "completed", "cancelled", "failed"])
def test_only_what_runs_is_fed(campaigns: Campaigns, feed: Feed, state: str) -> None:
    campaigns.run(3, state=state)
    assert feed() == []


def test_a_campaign_is_completed_by_its_last_end(campaigns: Campaigns, feed: Feed) -> None:
    people = rows.people(4)
    people[3]["state"] = "duplicate"
    campaign_id = campaigns.run(people)
    feed()
    rows.end_sends(campaigns.database, campaign_id, 2)
    feed()
    assert rows.campaign(campaigns.database, campaign_id)["state"] == "running"
    rows.end_sends(campaigns.database, campaign_id, 1, "unknown")
    feed()
    campaign = rows.campaign(campaigns.database, campaign_id)
    assert (campaign["state"], campaign["ended_at"] is None) == ("completed", False)


def test_a_campaign_that_cannot_be_fed_does_not_keep_the_others_from_it(campaigns: Campaigns, feed: Feed) -> None:
    broken = campaigns.run([rows.person("1001", time_zone="Nowhere/Here")], quiet_from=time(21), quiet_until=time(7))
    whole = campaigns.run(3)
    assert len(feed()) == 3
    assert [rows.campaign(campaigns.database, each)["fed"] for each in (broken, whole)] == [0, 3]


def test_scheduled_campaigns_start_and_lost_imports_are_published(
    campaigns: Campaigns, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports: list[UUID] = []
    monkeypatch.setattr(queues, "publish_import", imports.extend)
    due = campaigns.run(2, state="scheduled", schedule_at=later(-1))
    to_come = campaigns.run(2, state="scheduled", schedule_at=later(60))
    lost = campaigns.run(0, state="importing", updated_at=later(-120))
    campaigns.run(0, state="importing")
    assert len(feed()) == 2
    assert [rows.campaign(campaigns.database, each)["state"] for each in (due, to_come)] == ["running", "scheduled"]
    feed()
    assert imports == [lost]


def test_what_is_asked_of_the_campaigns_that_run_is_not_asked_of_all(campaigns: Campaigns) -> None:
    """By a plan that was made while few recipients were deferred, each look would read all that are now."""
    for _ in range(10):
        campaigns.run(100)
    with campaigns.database.connect() as connection:
        connection.execute(text("ANALYZE campaigns, campaign_recipients"))
        plan = "\n".join(connection.execute(text(f"EXPLAIN (VERBOSE) {statements.select_running.text}")).scalars())
    assert "SubPlan" in plan
    assert "hashed SubPlan" not in plan
