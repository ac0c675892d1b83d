"""When campaigns recur: rules of RFC 5545 by the clock on the wall."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.recurrence import InvalidRule, Recurrence

_BERLIN = "Europe/Berlin"


def _at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def _first(rule: str, begins: str, zone: str = "UTC", most: int = 5) -> list[str]:
    recurrence = Recurrence.parse(rule, _at(begins, zone), zone)
    return [f"{each.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for each in islice(recurrence.all(zone), most)]


@pytest.mark.parametrize(
    ("rule", "begins", "expected"),
    [
        ("FREQ=DAILY", "2026-03-02 09:00", ["2026-03-02 09:00", "2026-03-03 09:00", "2026-03-04 09:00"]),
        ("rrule:freq=daily;count=2", "2026-03-02 09:00", ["2026-03-02 09:00", "2026-03-03 09:00"]),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-03-06 09:00", ["2026-03-06 09:00", "2026-03-09 09:00", "2026-03-10 09:00"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-03-03 09:00", ["2026-03-16 09:00", "2026-03-30 09:00", "2026-04-13 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31 09:00", ["2026-01-31 09:00", "2026-03-31 09:00", "2026-05-31 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31 09:00", ["2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00"]),
        ("FREQ=MONTHLY;BYDAY=1MO", "2026-03-01 09:00", ["2026-03-02 09:00", "2026-04-06 09:00", "2026-05-04 09:00"]),
        ("FREQ=DAILY;BYHOUR=9,17", "2026-03-02 12:00", ["2026-03-02 17:00", "2026-03-03 09:00", "2026-03-03 17:00"]),
        ("FREQ=DAILY;UNTIL=20260303", "2026-03-02 09:00", ["2026-03-02 09:00", "2026-03-03 09:00"]),
        ("FREQ=DAILY;UNTIL=20260303T085959", "2026-03-02 09:00", ["2026-03-02 09:00"]),
        ("FREQ=YEARLY", "2024-02-29 09:00", ["2024-02-29 09:00", "2028-02-29 09:00", "2032-02-29 09:00"]),
    ],
)
def test_times(rule: str, begins: str, expected: list[str]) -> None:
    assert _first(rule, begins, most=3) == expected


def test_clock_that_changes_leaves_the_time_of_day() -> None:
    recurrence = Recurrence.parse("FREQ=DAILY", _at("2026-03-28 09:00", _BERLIN), _BERLIN)
    assert list(islice(recurrence.all(_BERLIN), 2)) == [_at("2026-03-28 08:00"), _at("2026-03-29 07:00")]


def test_skipped_time_is_later_that_once() -> None:
    assert _first("FREQ=DAILY", "2026-03-28 02:30", _BERLIN, 3) == ["2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30"]


def test_skipped_and_next_hour_are_one_occurrence() -> None:
    times = _first("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", "2026-03-29 00:00", _BERLIN, 2)
    assert times == ["2026-03-29 03:30", "2026-03-30 02:30"]


def test_time_shown_twice_occurs_once() -> None:
    recurrence = Recurrence.parse("FREQ=DAILY;COUNT=1", _at("2026-10-25 02:30", _BERLIN), _BERLIN)
    assert list(recurrence.all(_BERLIN)) == [_at("2026-10-25 00:30")]


def test_until_in_utc_is_a_moment() -> None:
    assert _first("FREQ=DAILY;UNTIL=20260303T080000Z", "2026-03-02 09:00", _BERLIN) == ["2026-03-02 09:00", "2026-03-03 09:00"]
    assert _first("FREQ=DAILY;UNTIL=20260303T075959Z", "2026-03-02 09:00", _BERLIN) == ["2026-03-02 09:00"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("", "must be a rule"),
        ("FREQ=DAILY;" * 60, "must be a rule"),
        ("every day", "is made of"),
        ("DTSTART=20260101;FREQ=DAILY", "is made of"),
        ("FREQ=DAILY\nRRULE:FREQ=DAILY", "FREQ must be one of"),
        ("FREQ=SECONDLY", "FREQ must be one of"),
        ("FREQ=HOURLY", "FREQ must be one of"),
        ("INTERVAL=2", "needs FREQ"),
        ("FREQ=DAILY;FREQ=WEEKLY", "names a part twice"),
        ("FREQ=DAILY;BYSECOND=1,2", "is made of"),
        ("FREQ=DAILY;BYMINUTE=0,30", "BYMINUTE is not valid"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is not valid"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "COUNT or UNTIL"),
        ("FREQ=DAILY;UNTIL=20271301", "UNTIL is not valid"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "no BYMONTHDAY with WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "numbers of days only"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=SU", "no INTERVAL with DAILY"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31", "never occurs"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "never occurs"),
        ("FREQ=DAILY;UNTIL=20260101", "never occurs"),
    ],
)
def test_refused(rule: str, problem: str) -> None:
    with pytest.raises(InvalidRule, match=problem):
        Recurrence.parse(rule, _at("2026-03-02 09:00"), "UTC")


_RULES = st.builds(
    lambda frequency, interval, end: f"FREQ={frequency};INTERVAL={interval}{end}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 20),
    st.sampled_from(["", ";COUNT=3", ";UNTIL=20400101", ";BYHOUR=1,2,3", ";BYMINUTE=30"]),
)
_ZONES = st.sampled_from(["UTC", "Asia/Jakarta", _BERLIN, "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"])
_MOMENTS = st.integers(1_262_304_000, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(rule=_RULES, begins=_MOMENTS, zone=_ZONES)
def test_stored_rule_is_the_same(rule: str, begins: datetime, zone: str) -> None:
    recurrence = Recurrence.parse(rule, begins, zone)
    assert Recurrence.read(recurrence.dump()) == recurrence


@given(rule=_RULES, begins=_MOMENTS, zone=_ZONES)
def test_times_follow_each_other_by_an_hour_at_least(rule: str, begins: datetime, zone: str) -> None:
    times = list(islice(Recurrence.parse(rule, begins, zone).all(zone), 10))
    assert all(later - earlier >= timedelta(minutes=30) for earlier, later in pairwise(times))


@settings(deadline=None, max_examples=50)
@given(rule=_RULES, begins=_MOMENTS, zone=_ZONES, days=st.integers(-5, 800))
def test_latest_and_next_leave_nothing_between_them(rule: str, begins: datetime, zone: str, days: int) -> None:
    recurrence = Recurrence.parse(rule, begins, zone)
    now = begins + timedelta(days=days)
    latest, upcoming = recurrence.latest(now, zone), recurrence.after(now, zone)
    assert latest is None or latest <= now
    assert not upcoming or upcoming[0] > now
    known = {latest, *upcoming} - {None}
    around = [each for each in islice(recurrence.all(zone), 2500) if each in known]
    assert around == sorted(known, key=lambda each: each or now), "both are times of the rule"
