"""``GET /v1/sends``: an account's sends by what is known of them, a page at a time."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from shared import ids
from tests.integration.sends import rows
from tests.integration.sends.conftest import Caller

_NOW = datetime.now(UTC).replace(microsecond=0)


def _add(database: Engine, caller: Caller, *channels: tuple[str, int, str | None], **options: Any) -> str:
    stored = rows.Stored(plan=rows.plan(*(channels or (("email", 0, "a@b.example"),))), **options)
    return ids.encode(ids.SEND, rows.store(database, caller.account_id, stored))


def _found(caller: Caller, **query: Any) -> list[str]:
    answer = caller.get("/v1/sends", **query)
    assert answer.status_code == 200, answer.text
    return [send["id"] for send in answer.get_json()["data"]]


def _pages(caller: Caller, **query: Any) -> Iterator[Mapping[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = caller.get("/v1/sends", **query, **cursor).get_json()
        yield page
        if not page["has_more"]:
            return
        cursor = {"cursor": page["next_cursor"]}


def test_an_account_without_sends_has_an_empty_page(caller: Caller) -> None:
    page = caller.get("/v1/sends").get_json()
    assert page.pop("request_id").startswith("req_")
    assert page == {"data": [], "has_more": False, "next_cursor": None}


def test_a_send_is_given_without_attempts_and_timeline(database: Engine, caller: Caller) -> None:
    identifier = _add(database, caller, ("whatsapp", 0, "6281200000001"), ("email", 1, "a@b.example"))
    whole = caller.get(f"/v1/sends/{identifier}").get_json()["data"]
    del whole["timeline"]
    for tier in whole["tiers"]:
        for delivery in tier["deliveries"]:
            del delivery["attempts"]
    assert caller.get("/v1/sends").get_json()["data"] == [whole]


def test_pages_give_every_send_once_the_newest_first(database: Engine, caller: Caller) -> None:
    made = [_add(database, caller) for _ in range(5)]
    pages = list(_pages(caller, limit=2))
    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    assert [send["id"] for page in pages for send in page["data"]] == made[::-1]
    assert pages[-1]["next_cursor"] is None


def test_a_last_page_that_is_full_has_no_more(database: Engine, caller: Caller) -> None:
    made = [_add(database, caller) for _ in range(2)]
    page = caller.get("/v1/sends", limit=2).get_json()
    assert ([send["id"] for send in page["data"]], page["has_more"], page["next_cursor"]) == (made[::-1], False, None)


def test_sends_that_come_while_paging_move_nothing(database: Engine, caller: Caller) -> None:
    made = [_add(database, caller) for _ in range(4)]
    pages = _pages(caller, limit=2)
    first = next(pages)
    _add(database, caller)
    assert [send["id"] for page in (first, *pages) for send in page["data"]] == made[::-1]


def test_25_sends_are_a_page(database: Engine, caller: Caller) -> None:
    for _ in range(26):
        _add(database, caller)
    page = caller.get("/v1/sends").get_json()
    assert (len(page["data"]), page["has_more"]) == (25, True)


def test_sends_of_another_account_are_not_found(database: Engine, caller: Caller, stranger: Caller) -> None:
    _add(database, stranger)
    assert _found(caller) == _found(caller, recipient="a@b.example") == []


def test_by_state(database: Engine, caller: Caller) -> None:
    running = _add(database, caller)
    failed = _add(database, caller, send={"state": "failed"})
    assert _found(caller, state="running") == [running]
    assert _found(caller, state="failed") == [failed]
    assert _found(caller, state="sent") == []


def test_by_channel(database: Engine, caller: Caller) -> None:
    both = _add(database, caller, ("whatsapp", 0, "6281200000001"), ("email", 1, "a@b.example"))
    email = _add(database, caller)
    assert _found(caller, channel="email") == [email, both]
    assert _found(caller, channel="whatsapp") == [both]
    assert _found(caller, channel="telegram") == []


def test_by_time(database: Engine, caller: Caller) -> None:
    early, middle, late = (
        _add(database, caller, send_id=rows.id_at(_NOW + timedelta(seconds=seconds))) for seconds in (-7200, -3600, -1)
    )
    an_hour_ago = _NOW - timedelta(hours=1)
    assert _found(caller, created_after=an_hour_ago.isoformat()) == [late, middle]
    assert _found(caller, created_before=an_hour_ago.isoformat()) == [early]
    assert _found(caller, created_after=int(an_hour_ago.timestamp()) + 1) == [late]
    assert _found(caller, created_after=(_NOW - timedelta(hours=2)).isoformat(), created_before=an_hour_ago.timestamp()) == [early]
    assert _found(caller, created_after="1066-10-14") == [late, middle, early]
    assert _found(caller, created_before="1066-10-14") == _found(caller, created_after="9999-12-31") == []


@pytest.mark.parametrize(
    ("channel", "target", "spellings"),
    [
        ("whatsapp", "+62 812-0000-0001", ["6281200000001", "+6281200000001", "+62 812-0000-0001", "6281200000001@c.us"]),
        ("waba", "6281200000001", ["+62 (812) 0000 0001"]),
        ("telegram", "@News", ["@news", "@NEWS"]),
        ("telegram", "-100123", ["-100123"]),
        ("email", "Alex@Customer.Example", ["Alex@customer.example", "Alex@CUSTOMER.EXAMPLE"]),
        ("email", "not an address", ["not an address"]),
        ("whatsapp", "007", ["007"]),
    ],
)
def test_by_recipient_in_any_spelling(database: Engine, caller: Caller, channel: str, target: str, spellings: list[str]) -> None:
    wanted = _add(database, caller, (channel, 0, target))
    _add(database, caller, ("email", 0, "somebody@else.example"), ("whatsapp", 0, None))
    for spelling in (target, *spellings):
        assert _found(caller, recipient=spelling) == [wanted]
        assert _found(caller, recipient=spelling, channel=channel) == [wanted]


@pytest.mark.parametrize("recipient", ["nobody@else.example", "%", "' OR 1=1", "\N{GRINNING FACE}", "x" * 5000, "0", "@"])
def test_a_recipient_nobody_wrote_to_has_no_sends(database: Engine, caller: Caller, recipient: str) -> None:
    _add(database, caller, ("email", 0, "somebody@else.example"), ("whatsapp", 0, None))
    assert _found(caller, recipient=recipient) == []


def test_recipient_and_channel_mean_the_same_delivery(database: Engine, caller: Caller) -> None:
    _add(database, caller, ("whatsapp", 0, "6281200000001"), ("waba", 1, "6281200000002"))
    assert _found(caller, recipient="6281200000001", channel="waba") == []
    assert len(_found(caller, recipient="6281200000001", channel="whatsapp")) == 1


def test_a_send_with_two_deliveries_to_one_recipient_is_found_once(database: Engine, caller: Caller) -> None:
    wanted = _add(database, caller, ("whatsapp", 0, "6281200000001"), ("waba", 1, "+6281200000001"))
    assert _found(caller, recipient="6281200000001") == [wanted]


def test_filters_are_kept_from_page_to_page(database: Engine, caller: Caller) -> None:
    wanted = [_add(database, caller, ("email", 0, "a@b.example"), send={"state": "failed"}) for _ in range(3)]
    _add(database, caller, ("email", 0, "a@b.example"))
    _add(database, caller, ("email", 0, "c@d.example"), send={"state": "failed"})
    pages = _pages(caller, limit=1, state="failed", recipient="a@b.example", created_after=(_NOW - timedelta(days=1)).isoformat())
    assert [send["id"] for page in pages for send in page["data"]] == wanted[::-1]


def test_a_cursor_serves_neither_other_filters_nor_another_account(database: Engine, caller: Caller, stranger: Caller) -> None:
    for _ in range(2):
        _add(database, caller)
    cursor = caller.get("/v1/sends", limit=1).get_json()["next_cursor"]
    assert len(_found(caller, cursor=cursor)) == 1
    for refused in (
        caller.get("/v1/sends", cursor=cursor, state="running"),
        caller.get("/v1/sends", cursor=cursor.swapcase()),
        stranger.get("/v1/sends", cursor=cursor),
    ):
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"state": "done"}, "invalid_field_value"),
        ({"channel": "fax"}, "invalid_field_value"),
        ({"created_after": "soon"}, "invalid_field_value"),
        ({"created_before": "soon"}, "invalid_field_value"),
        ({"recipient": "a\0b"}, "invalid_field_value"),
        ({"limit": "0"}, "invalid_limit"),
        ({"limit": "101"}, "invalid_limit"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(caller: Caller, query: dict[str, str], code: str) -> None:
    answer = caller.get("/v1/sends", **query)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["type"], error["code"], [error["param"]]) == (400, "invalid_request_error", code, list(query))
