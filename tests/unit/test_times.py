"""Moments as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import times

_NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def test_moments_are_written_in_utc_to_the_millisecond() -> None:
    jakarta = timezone(timedelta(hours=7))
    assert times.rfc3339(datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=jakarta)) == "2026-01-01T20:04:05.678Z"
    assert times.rfc3339(_NOON) == "2026-01-02T12:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T12:00:00Z",
        "2026-01-02T12:00:00",
        "2026-01-02 12:00",
        "2026-01-02T19:00:00+07:00",
        "2026-01-02T12:00:00.000Z",
        "1767355200",
        "1767355200.000",
    ],
)
def test_both_forms_are_read(text: str) -> None:
    assert times.parse(text) == _NOON


def test_a_date_is_its_first_moment() -> None:
    assert times.parse("2026-01-02") == _NOON - timedelta(hours=12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "-1",
        "1e9",
        "nan",
        "1767355200 ",
        "999999999999",
        "2026-13-01",
        "0001-01-01T00:00+14:00",
        "\u0661\u0662",
        "\0",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert times.parse(text) is None


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the strategy adds the zone itself.
def test_what_is_written_is_read_back_to_the_millisecond(moment: datetime) -> None:
    read = times.parse(times.rfc3339(moment))
    assert read is not None
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


@given(st.text())
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    moment = times.parse(text)
    assert moment is None or moment.tzinfo is UTC
