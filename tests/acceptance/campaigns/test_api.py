"""Campaigns over HTTP, from the draft to the report."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from api import cursors
from shared import ids
from tests.acceptance.backend import await_true
from tests.acceptance.campaigns.marketing import PEOPLE, XLSX, Marketing, as_csv, as_xlsx, chats

_ENDED = ("sent", "failed", "unknown", "cancelled", "expired")


def _as_json_lines(rows: Sequence[Sequence[str]]) -> bytes:
    return "\n".join(json.dumps({"chat": chat, "first name": name}) for chat, name in rows).encode()


@pytest.mark.parametrize(
    ("media_type", "written"), [("text/csv", as_csv), ("application/x-ndjson", _as_json_lines), (XLSX, as_xlsx)]
)
def test_every_row_is_sent_to_and_reported(
    shop: Marketing, media_type: str, written: Callable[[Sequence[Sequence[str]]], bytes]
) -> None:
    rows = [*zip(to := chats(4), PEOPLE, strict=True), ("", "Nobody"), (to[0], "Ana again")]
    campaign = shop.create()
    imported = shop.upload(campaign, written(rows), media_type)
    assert (imported["rows"], imported["refused"], imported["duplicates"]) == (6, 1, 1)
    tried = shop.data("POST", f"/{campaign}/dry_run")
    assert (tried["recipients"], tried["sent"], tried["channels"][0]["sent"]) == (4, 4, 4)

    assert shop.data("POST", f"/{campaign}/start")["state"] == "running"
    told = shop.ended(campaign)
    assert (told["state"], told["recipients"], told["sent"], told["pending"], told["in_flight"]) == ("completed", 4, 4, 0, 0)
    for chat, name in zip(to, PEOPLE, strict=True):
        assert [each["body"] for each in shop.tenant.received("telegram", chat)] == [f"Hi {name}, 20 % off"]
    report = shop.lines(campaign, "report")
    assert [line["row"] for line in report] == ["1", "2", "3", "4", "5", "6"]
    assert [line["telegram_state"] for line in report] == ["sent"] * 4 + [""] * 2
    assert [(line["row_number"], line["first name"]) for line in shop.lines(campaign, "refused")] == [("5", "Nobody")]


def test_progress_is_what_the_recipients_say(shop: Marketing) -> None:
    to = chats(12)
    campaign = shop.filled([(chat, "Ana") for chat in to])
    shop.tenant.fault("telegram", "recipient", to=to[3])
    shop.data("POST", f"/{campaign}/start")
    while (told := shop.progress(campaign))["state"] == "running":
        assert told["pending"] + told["in_flight"] + sum(told[name] for name in _ENDED) == told["recipients"] == 12
        time.sleep(0.05)
    assert (told["sent"], told["failed"], sum(told["by_code"].values())) == (11, 1, 1)
    taken = shop.data("GET", f"/{campaign}/recipients")
    states = [shop.tenant.look_up(each["send"])["state"] for each in taken]
    assert [states.count(name) for name in ("sent", "failed")] == [11, 1]
    assert shop.look_up(campaign)["progress"] == {name: told[name] for name in told if name not in {"id", "object", "state"}}

    again = shop.data("POST", f"/{campaign}/resend_failures")
    assert (again["state"], again["parent"], again["rows"]) == ("draft", campaign, 1)


def test_paused_campaign_sends_nothing_and_goes_on_where_it_was(shop: Marketing) -> None:
    to = chats(6)
    campaign = shop.filled([(chat, "Ana") for chat in to], rate_per_second=2)
    shop.data("POST", f"/{campaign}/start")
    await_true(lambda: shop.progress(campaign)["sent"] > 0)
    paused = shop.data("POST", f"/{campaign}/pause")
    assert (paused["state"], paused["in_flight"]) == ("paused", 0)
    before = shop.progress(campaign)
    assert 0 < before["sent"] < 6
    assert before["seconds_left"] is None
    changed = shop.data("PATCH", f"/{campaign}", json={"rate_per_second": None})
    assert changed["rate_per_second"] is None
    assert {**shop.progress(campaign), "per_second": None} == {**before, "per_second": None}, "nothing leaves meanwhile"
    assert shop.data("POST", f"/{campaign}/resume")["state"] == "running"
    assert shop.ended(campaign)["sent"] == 6
    assert all(len(shop.tenant.received("telegram", chat)) == 1 for chat in to)


def test_cancelled_campaign_leaves_the_rest_alone(shop: Marketing) -> None:
    to = chats(3)
    campaign = shop.filled([(chat, "Ana") for chat in to], delay_seconds=3600)
    shop.data("POST", f"/{campaign}/start")
    assert shop.data("POST", f"/{campaign}/cancel")["state"] == "cancelled"
    assert shop.ask("POST", f"/{campaign}/resume").json()["error"]["code"] == "campaign_state"
    await_true(lambda: shop.ask("DELETE", f"/{campaign}").is_success)
    assert shop.ask("GET", f"/{campaign}").status_code == 404
    assert sum(len(shop.tenant.received("telegram", chat)) for chat in to) <= 1


def test_scheduled_campaign_starts_by_itself(shop: Marketing) -> None:
    (chat,) = chats(1)
    campaign = shop.filled([(chat, "Ana")], schedule=int(time.time()) + 3)
    assert shop.data("POST", f"/{campaign}/start")["state"] == "scheduled"
    assert shop.ended(campaign)["sent"] == 1


def test_recurring_campaign_tells_its_next_times(shop: Marketing) -> None:
    asked = {"schedule": "2040-03-05T09:00:00+07:00", "recurrence": "FREQ=WEEKLY;COUNT=2", "time_zone": "Asia/Jakarta"}
    campaign = shop.look_up(shop.create(**asked))
    assert campaign["upcoming"] == ["2040-03-05T02:00:00.000Z", "2040-03-12T02:00:00.000Z"]
    assert (campaign["schedule_at"], campaign["recurrence"]) == (campaign["upcoming"][0], "FREQ=WEEKLY;COUNT=2")
    once = shop.data("PATCH", f"/{campaign['id']}", json={"recurrence": None})
    assert (once["upcoming"], once["recurrence"], once["schedule_at"]) == ([], None, "2040-03-05T02:00:00.000Z")


def test_row_is_shown_as_its_recipient_would_get_it(shop: Marketing) -> None:
    campaign = shop.filled([(chats(1)[0], "Ana"), ("", "Budi")])
    shown = shop.data("GET", f"/{campaign}/preview?row=1")
    assert shown["channels"][0]["content"]["message"] == "Hi Ana, 20 % off"
    assert shop.data("GET", f"/{campaign}/preview?row=2")["state"] == "refused"
    assert shop.ask("GET", f"/{campaign}/preview?row=3").status_code == 404
    assert shop.ask("GET", f"/{campaign}/preview?row=x").json()["error"]["param"] == "row"


def test_lists_are_paged_and_filtered(shop: Marketing) -> None:
    rows = [(chat, "Ana") for chat in chats(3)]
    campaign = shop.filled([*rows, ("", "Nobody")], name="Ramadan sale")
    first = shop.ask("GET", f"/{campaign}/recipients?limit=2").json()
    second = shop.ask("GET", f"/{campaign}/recipients?limit=2&cursor={first['next_cursor']}").json()
    assert [each["row"] for each in first["data"] + second["data"]] == [1, 2, 3, 4]
    assert not second["has_more"]
    assert [each["row"] for each in shop.data("GET", f"/{campaign}/recipients?state=refused")] == [4]
    assert [each["id"] for each in shop.data("GET", "?name=ramadan&state=draft")] == [campaign]
    assert shop.data("GET", "?name=ramadan&state=running") == []


def test_a_cursor_that_was_made_up_ends_the_list(shop: Marketing) -> None:
    campaign = shop.create()
    identifier = ids.decode(ids.CAMPAIGN, campaign)
    assert identifier is not None
    cursor = cursors.encode(UUID(int=2**128 - 1), ("campaign_recipients", identifier.hex, None))
    assert shop.data("GET", f"/{campaign}/recipients?cursor={cursor}") == []


def test_nobody_changes_what_they_have_not_seen(shop: Marketing) -> None:
    campaign = shop.create()
    seen = shop.ask("GET", f"/{campaign}").headers["ETag"]
    shop.data("PATCH", f"/{campaign}", json={"name": "Autumn"}, headers={"If-Match": seen})
    late = shop.ask("PATCH", f"/{campaign}", json={"name": "Winter"}, headers={"If-Match": seen})
    assert late.status_code == 412
    assert shop.look_up(campaign)["name"] == "Autumn"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"name": ""}, "name"),
        ({"keys": {}}, "keys"),
        ({"keys": {"telegram": {"token": 1}}}, "keys.telegram.token"),
        ({"content": {"telegram": {}}}, "content.telegram"),
        ({"content": {"telegram": {"message": {"type": "text"}}}}, "content.telegram"),
        ({"behaviour": {"until": "delivered"}}, "behaviour.within"),
        ({"columns": {"targets": {"email": "mail"}}}, "columns.targets"),
        ({"columns": None}, "columns"),
        ({"expires_in": 0}, "expires_in"),
        ({"schedule": "tomorrow"}, "schedule"),
        ({"schedule": 1}, "schedule"),
        ({"recurrence": "FREQ=DAILY"}, "schedule"),
        ({"recurrence": "FREQ=SECONDLY", "schedule": 4102444800}, "recurrence"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"quiet_hours": {"from": "21:00"}}, "quiet_hours.until"),
        ({"quiet_hours": {"from": "21:00", "until": "25:00"}}, "quiet_hours.until"),
        ({"quiet_hours": {"from": "21:00", "until": "21:00"}}, "quiet_hours"),
        ({"rate_per_second": 0}, "rate_per_second"),
        ({"rate_per_second": 1, "delay_seconds": 1}, "delay_seconds"),
        ({"quiet_hour": None}, "quiet_hour"),
    ],
)
def test_refusal_names_the_field(shop: Marketing, changes: dict[str, Any], param: str) -> None:
    refused = shop.ask("POST", "", json=shop.plan(**changes))
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == param


def test_key_of_another_account_is_refused(shop: Marketing) -> None:
    refused = shop.ask("POST", "", json=shop.plan(keys={"telegram": {"token": "tg_unknown"}}))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "foreign_key")


def test_file_that_cannot_be_read_says_why(shop: Marketing) -> None:
    campaign = shop.create()
    untold = shop.ask("PUT", f"/{campaign}/recipients", content=b"x", headers={"Content-Type": "application/octet-stream"})
    assert untold.json()["error"]["param"] == "format"
    failed = shop.upload(campaign, b"phone,name\n1,Ana\n")
    assert failed["state"] == "failed"
    assert "chat" in failed["state_reason"]
    shop.data("PATCH", f"/{campaign}", json={"columns": {"targets": {"telegram": "phone"}, "variables": {"first": "name"}}})
    assert shop.upload(campaign, b"phone,name\n1,Ana\n")["state"] == "draft"


def test_a_file_that_may_have_been_cut_is_not_taken(shop: Marketing) -> None:
    campaign = shop.create()
    refused = shop.ask("PUT", f"/{campaign}/recipients", content=iter((b"chat\n", b"1\n")), headers={"Content-Type": "text/csv"})
    assert (refused.status_code, shop.look_up(campaign)["state"]) == (411, "draft")


def test_what_the_state_does_not_allow_is_a_conflict(shop: Marketing) -> None:
    campaign = shop.create()
    assert shop.ask("POST", f"/{campaign}/start").json()["error"]["param"] == "recipients"
    for step in ("pause", "resume", "resend_failures"):
        refused = shop.ask("POST", f"/{campaign}/{step}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "campaign_state")
    assert shop.data("POST", f"/{campaign}/cancel")["state"] == "cancelled"
    late = shop.ask("PUT", f"/{campaign}/recipients", content=b"chat\n1\n", headers={"Content-Type": "text/csv"})
    assert late.json()["error"]["code"] == "campaign_state"
