"""What the query of a search may say, and how it is refused."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import cursors
from api.errors import InvalidRequest
from api.sends import schema
from shared import ids
from shared.domain.channels import Channel
from shared.domain.states import SendState
from shared.management.search import Filters

_ACCOUNT = ids.new()


def test_no_parameters_ask_for_the_newest_sends() -> None:
    query = schema.parse({}, _ACCOUNT)
    assert (query.filters, query.limit, query.before_id) == (Filters(), 25, None)


def test_every_filter_is_read() -> None:
    arguments = {
        "state": "failed",
        "channel": "email",
        "created_after": "2026-01-02",
        "created_before": "1767398400",
        "recipient": "a@b.example",
        "limit": "100",
    }
    query = schema.parse(arguments, _ACCOUNT)
    assert query.filters == Filters(
        state=SendState.FAILED,
        channel=Channel.EMAIL,
        created_after=datetime(2026, 1, 2, tzinfo=UTC),
        created_before=datetime(2026, 1, 3, tzinfo=UTC),
        recipient="a@b.example",
    )
    assert query.limit == 100


def test_unknown_parameters_are_ignored() -> None:
    assert schema.parse({"colour": "blue"}, _ACCOUNT) == schema.parse({}, _ACCOUNT)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("state", "done"),
        ("state", ""),
        ("state", "SENT"),
        ("channel", "fax"),
        ("channel", ""),
        ("created_after", "soon"),
        ("created_before", ""),
        ("recipient", ""),
        ("recipient", " "),
        ("recipient", "a\0b"),
    ],
)
def test_an_unknown_value_names_its_parameter(name: str, text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        schema.parse({name: text}, _ACCOUNT)
    assert (refused.value.code, refused.value.param) == ("invalid_field_value", name)


@pytest.mark.parametrize("text", ["0", "101", "-1", "", "ten", "1.5", "+5", " 5", "9" * 5000, "\u0665"])
def test_a_limit_beyond_the_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        schema.parse({"limit": text}, _ACCOUNT)
    assert (refused.value.code, refused.value.param) == ("invalid_limit", "limit")


@pytest.mark.parametrize("text", ["1", "25", "100"])
def test_a_limit_within_the_range_is_taken(text: str) -> None:
    assert schema.parse({"limit": text}, _ACCOUNT).limit == int(text)


def test_a_cursor_continues_its_search_with_any_limit() -> None:
    last = ids.new_send()
    cursor = cursors.encode(last, schema.parse({"state": "sent"}, _ACCOUNT).search)
    assert schema.parse({"state": "sent", "cursor": cursor, "limit": "7"}, _ACCOUNT).before_id == last


def test_a_cursor_is_bound_to_filters_and_account() -> None:
    cursor = cursors.encode(ids.new_send(), schema.parse({"state": "sent"}, _ACCOUNT).search)
    for arguments, account in (({}, _ACCOUNT), ({"state": "failed"}, _ACCOUNT), ({"state": "sent"}, ids.new())):
        with pytest.raises(InvalidRequest) as refused:
            schema.parse({**arguments, "cursor": cursor}, account)
        assert (refused.value.code, refused.value.param) == ("invalid_cursor", "cursor")


@given(st.dictionaries(st.sampled_from(["state", "channel", "created_after", "recipient", "limit", "cursor"]), st.text()))
def test_no_query_does_worse_than_being_refused(arguments: dict[str, str]) -> None:
    with contextlib.suppress(InvalidRequest):
        assert 1 <= schema.parse(arguments, _ACCOUNT).limit <= 100
