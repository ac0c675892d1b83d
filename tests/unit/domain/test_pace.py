"""How many deliveries end a second."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import pace
from shared.domain.pace import Ended, Reading
from shared.domain.states import DeliveryState

_HOUR = datetime(2026, 1, 2, 12, tzinfo=UTC)
_BEFORE = _HOUR - timedelta(hours=1)


def _ended(number: int, state: DeliveryState = DeliveryState.SENT, hour: datetime = _HOUR, channel: str = "email") -> Ended:
    return Ended(hour=hour, channel=channel, state=state, number=number)


def _reading(second: float, *ended: Ended, since: datetime = _BEFORE) -> Reading:
    return Reading(at=_HOUR + timedelta(seconds=second), since=since, ended=ended)


def _by_channel(each: Ended) -> str | None:
    return None if each.key else each.channel


def test_what_ended_between_two_looks_is_shared_out_among_the_seconds() -> None:
    before = _reading(0, _ended(100), _ended(3, DeliveryState.FAILED), _ended(7, channel="waba"))
    now = _reading(10, _ended(150), _ended(1, DeliveryState.UNKNOWN), _ended(3, DeliveryState.FAILED), _ended(7, channel="waba"))
    assert pace.paces(before, now, _by_channel) == {"email": {DeliveryState.SENT: 5.0, DeliveryState.UNKNOWN: 0.1}}


def test_codes_of_one_state_are_counted_together() -> None:
    before = _reading(0)
    failed = [
        Ended(hour=_HOUR, channel="email", state=DeliveryState.FAILED, number=2, code=code) for code in ("expired", "throttled")
    ]
    assert pace.paces(before, _reading(4, *failed), _by_channel) == {"email": {DeliveryState.FAILED: 1.0}}


def test_an_hour_that_is_looked_at_no_more_is_not_missed() -> None:
    before = _reading(3599, _ended(1000, hour=_BEFORE), _ended(10))
    now = _reading(3601, _ended(10), _ended(4, hour=_HOUR + timedelta(hours=1)), since=_HOUR)
    assert pace.paces(before, now, _by_channel) == {"email": {DeliveryState.SENT: 2.0}}


def test_what_has_become_less_has_no_pace() -> None:
    assert pace.paces(_reading(0, _ended(5)), _reading(1, _ended(4)), _by_channel) == {}


def test_looks_of_one_moment_tell_nothing() -> None:
    assert pace.paces(_reading(0), _reading(0, _ended(4)), _by_channel) == {}


def test_keys_and_channels_are_told_apart_by_their_name() -> None:
    by_key = Ended(hour=_HOUR, channel="email", state=DeliveryState.SENT, number=4, key="key_1")
    now = _reading(2, _ended(4), by_key)
    assert pace.paces(_reading(0), now, _by_channel) == {"email": {DeliveryState.SENT: 2.0}}
    assert pace.paces(_reading(0), now, lambda each: each.key) == {"key_1": {DeliveryState.SENT: 2.0}}


@given(st.lists(st.floats(0.2, 100), max_size=30))
def test_a_minute_is_looked_back_on_and_no_more_than_needed(gaps: list[float]) -> None:
    readings, second = [_reading(0)], 0.0
    for gap in gaps:
        second += gap
        kept = pace.recent(readings, _reading(second))
        assert kept == readings[len(readings) - len(kept) :]
        assert len(kept) >= 1
        assert all(pace.seconds(each, _reading(second)) < pace.WINDOW for each in kept[1:])
        readings = [*kept, _reading(second)]
