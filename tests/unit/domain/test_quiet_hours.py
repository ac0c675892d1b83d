"""When quiet hours end, by the clock on a recipient's wall."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import quiet_hours

_NIGHT = (time(21), time(8))
_NOON = (time(12), time(13, 30))
_MOMENTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "hours", "ends"),
    [
        pytest.param("2026-03-02 13:59:59", "Asia/Jakarta", _NIGHT, None, id="20:59:59 is not quiet yet"),
        pytest.param("2026-03-02 14:00", "Asia/Jakarta", _NIGHT, "2026-03-03 01:00", id="21:00 is"),
        pytest.param("2026-03-02 18:00", "Asia/Jakarta", _NIGHT, "2026-03-03 01:00", id="after midnight"),
        pytest.param("2026-03-03 00:59:59", "Asia/Jakarta", _NIGHT, "2026-03-03 01:00", id="07:59:59"),
        pytest.param("2026-03-03 01:00", "Asia/Jakarta", _NIGHT, None, id="08:00 is not quiet any more"),
        pytest.param("2026-03-02 12:00", "UTC", _NOON, "2026-03-02 13:30", id="within a day"),
        pytest.param("2026-03-02 13:30", "UTC", _NOON, None, id="after them"),
        pytest.param("2026-03-02 03:00", "UTC", (time(3), time(3)), None, id="none, as they start as they end"),
        pytest.param("2026-03-28 22:30", "Europe/Berlin", (time(22), time(2, 30)), "2026-03-29 01:30", id="an end the clock skips"),
        pytest.param("2026-03-28 22:30", "Europe/Berlin", _NIGHT, "2026-03-29 06:00", id="a night of an hour less"),
        pytest.param("2026-10-24 22:30", "Europe/Berlin", _NIGHT, "2026-10-25 07:00", id="a night of an hour more"),
        pytest.param("2026-10-25 00:10", "Europe/Berlin", (time(22), time(2, 30)), "2026-10-25 00:30", id="an end shown twice"),
        pytest.param("2026-10-25 00:45", "Europe/Berlin", (time(22), time(2, 30)), None, id="between both"),
        pytest.param("2026-10-25 01:10", "Europe/Berlin", (time(22), time(2, 30)), "2026-10-25 01:30", id="the second time"),
    ],
)
def test_end(now: str, zone: str, hours: tuple[time, time], ends: str | None) -> None:
    assert quiet_hours.ends_at(_utc(now), zone, *hours) == (ends and _utc(ends))


@given(
    now=_MOMENTS,
    zone=st.sampled_from(["Asia/Jakarta", "America/St_Johns", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Kiritimati"]),
    start=st.times(),
    end=st.times(),
)
def test_ends_soon_and_at_the_time_named(now: datetime, zone: str, start: time, end: time) -> None:
    ends = quiet_hours.ends_at(now, zone, start, end)
    if ends is None:
        return
    assert now < ends <= now + timedelta(hours=26)
    wall = ends.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    late = wall - datetime.combine(wall.date(), end)
    assert late == timedelta(0) or (timedelta(0) < late <= timedelta(hours=1)), "later only where the clock skips the end"
