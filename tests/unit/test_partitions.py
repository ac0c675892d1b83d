from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import ids
from shared.db import partitions
from shared.db.partitions import Week
from shared.db.tables.sends import PARTITIONED

MILLISECOND = timedelta(milliseconds=1)
WEEK = timedelta(weeks=1)

moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - their zone is added


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        (datetime(2026, 11, 20, 21, 30, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)),
        (datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)),
        (datetime(2026, 11, 15, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC)),
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 28, tzinfo=UTC)),
        (datetime(2024, 12, 31, tzinfo=UTC), datetime(2024, 12, 30, tzinfo=UTC)),
        (datetime(2026, 11, 16, 6, tzinfo=timezone(timedelta(hours=7))), datetime(2026, 11, 9, tzinfo=UTC)),
        (datetime(2026, 11, 15, 20, tzinfo=timezone(timedelta(hours=-5))), datetime(2026, 11, 16, tzinfo=UTC)),
    ],
)
def test_a_week_begins_on_monday_in_utc(moment: datetime, monday: datetime) -> None:
    assert partitions.week_start(moment) == monday


@given(moment=moments)
@settings(max_examples=100, deadline=None)
def test_every_moment_lies_in_its_week(moment: datetime) -> None:
    start = partitions.week_start(moment)
    assert start <= moment < start + WEEK
    assert partitions.week_start(start) == start
    assert partitions.first_id(start) <= partitions.first_id(moment) < partitions.first_id(start + WEEK)


@given(moment=moments)
@settings(max_examples=100, deadline=None)
def test_the_first_id_of_a_moment_is_its_millisecond_and_nothing_else(moment: datetime) -> None:
    number = partitions.first_id(moment).int
    assert number & (1 << 80) - 1 == 0
    assert datetime(1970, 1, 1, tzinfo=UTC) + (number >> 80) * MILLISECOND == moment.replace(
        microsecond=moment.microsecond // 1000 * 1000
    )


def test_an_id_and_its_deliveries_lie_in_the_week_they_were_made_in() -> None:
    before = partitions.first_id(datetime.now(UTC))
    send = ids.new_send()
    after = partitions.first_id(datetime.now(UTC) + MILLISECOND)
    assert before < send < ids.delivery_of(send, ids.MAX_DELIVERIES) < after


def test_no_send_is_parted_from_its_deliveries() -> None:
    border = partitions.first_id(datetime(2026, 11, 16, tzinfo=UTC))
    assert ids.send_of(border) == border


@pytest.mark.parametrize("ahead", [0, 1, 8])
def test_this_week_and_those_ahead_follow_each_other_without_a_gap(ahead: int) -> None:
    now = datetime(2026, 12, 20, 12, tzinfo=UTC)
    weeks = list(partitions._from_now(Week.of(now), ahead))
    assert weeks[0].start == partitions.week_start(now)
    assert len(weeks) == ahead + 1
    assert all(earlier.end == later.start and earlier.bounds[1] == later.bounds[0] for earlier, later in pairwise(weeks))


@pytest.mark.parametrize(
    ("now", "weeks"),
    [
        (datetime(2026, 12, 22, tzinfo=UTC), ["2026w52", "2026w53", "2027w01"]),
        (datetime(2024, 12, 22, tzinfo=UTC), ["2024w51", "2024w52", "2025w01"]),
    ],
)
def test_weeks_bear_the_number_and_the_year_of_the_iso_calendar(now: datetime, weeks: list[str]) -> None:
    assert [str(week) for week in partitions._from_now(Week.of(now), 2)] == weeks
    names = [Week.of(now).of_table(table) for table in PARTITIONED]
    assert names == [f"{table}_{weeks[0]}" for table in ("sends", "deliveries", "attempts", "events")]


@given(moment=moments)
@settings(max_examples=100, deadline=None)
def test_the_week_of_an_id_is_the_one_it_was_made_in(moment: datetime) -> None:
    week = Week.of(moment)
    first, end = week.bounds
    assert Week.of_id(partitions.first_id(moment)) == week
    assert Week.of_id(first) == week
    assert Week.of_id(end) == week.later(1)


@given(first=moments, second=moments)
@settings(max_examples=100, deadline=None)
def test_ids_of_one_week_have_its_number_and_others_another(first: datetime, second: datetime) -> None:
    numbers = [partitions.number(partitions.first_id(moment)) for moment in (first, second)]
    assert (numbers[0] == numbers[1]) is (Week.of(first) == Week.of(second))
    assert partitions.number(partitions.first_id(first + WEEK)) == numbers[0] + 1


@given(moment=moments)
@settings(max_examples=50, deadline=None)
def test_a_week_is_whole_when_every_table_has_its_partition(moment: datetime) -> None:
    week = Week.of(moment)
    names = [week.of_table(table) for table in PARTITIONED]
    others = ["sends_default", week.later(1).of_table(PARTITIONED[0])]
    assert partitions.whole([*names, *others]) == {partitions.number(partitions.first_id(moment)): str(week)}
    assert partitions.whole([*names[1:], *others]) == {}
    assert {Week.of_partition(name) for name in names} == {week}
