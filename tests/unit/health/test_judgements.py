"""The decisions, apart from the servers they are about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import consumption, health
from shared.consumption import Backlog
from shared.health import Health
from worker import watchdog
from worker.watchdog import Look

_AFTER = 60.0


def _backlog(untouched: float, depth: int = 7, queue: str = "send") -> Backlog:
    return Backlog(queue=queue, depth=depth, untouched=untouched)


def _look(elapsed: float = 10.0, *, late: bool = False, busy: bool = False, untouched: float = 0.0, away: bool = False) -> Look:
    return Look(elapsed=elapsed, late=late, busy=busy, backlogs=None if away else [_backlog(untouched)])


@pytest.mark.parametrize(
    ("depth", "seen", "taken", "seconds"),
    [
        (0, None, None, None),
        (0, 90.0, 100.0, None),
        (5, None, None, 0.0),  # Seen for the first time.
        (5, None, 3600.0, 0.0),  # Likewise, after an hour in which nothing came.
        (5, 90.0, None, 90.0),  # Nobody has ever taken from it.
        (5, 90.0, 100.0, 90.0),  # The last take was before that.
        (5, 90.0, 20.0, 0.0),  # Somebody has taken since.
        (5, 90.0, 90.0, 0.0),
    ],
)
def test_only_what_was_seen_to_wait_since_the_last_take_counts(
    depth: int, seen: float | None, taken: float | None, seconds: float | None
) -> None:
    assert consumption.untouched_for(depth, seen, taken) == seconds


def test_a_queue_that_stands_still_is_named_with_depth_and_time() -> None:
    judged = health.judge_backlogs([_backlog(75.4), _backlog(3.0, queue="bulk"), _backlog(0.0, 0, "events")], _AFTER)
    assert judged.problem is not None
    assert judged.problem.startswith("queue send: 7 waiting, and for 75 s no worker has taken any")
    assert "bulk" not in judged.problem
    assert judged.found == {"untouched": {"send": 75.4, "bulk": 3.0}}


def test_every_queue_that_stands_still_is_named() -> None:
    problem = health.judge_backlogs([_backlog(_AFTER), _backlog(_AFTER, queue="bulk")], _AFTER).problem
    assert problem is not None
    assert [name in problem for name in ("queue send", "queue bulk")] == [True, True]


@pytest.mark.parametrize(("seconds", "ok"), [(None, True), (299.9, True), (300.0, False), (4000.0, False)])
def test_a_delivery_is_late_from_the_bound_on(seconds: float | None, ok: bool) -> None:  # noqa: FBT001
    assert (health.judge_oldest(seconds, 300.0).problem is None) is ok


@pytest.mark.parametrize(("waiting", "ok"), [(0, True), (900, True), (901, False), (1000, False), (2000, False)])
def test_a_crowd_is_told_of_as_soon_as_and_as_long_as_sends_may_be_refused(waiting: int, ok: bool) -> None:  # noqa: FBT001
    judged = health.judge_crowd(waiting, 1000)
    assert judged.found == {"waiting": waiting}
    assert (judged.problem is None) is ok
    assert ok or "refused with 503 from 1000 on, and until 900 are left" in str(judged.problem)


def test_a_finding_says_its_status_and_what_is_wrong() -> None:
    assert Health(found={"ms": 1.5}).as_json() == {"status": "ok", "ms": 1.5}
    assert Health(found={"ms": 1.5}, problem="cold").as_json() == {"status": "failing", "ms": 1.5, "problem": "cold"}


def test_a_free_worker_of_a_queue_that_nobody_takes_from_is_stuck() -> None:
    idle = 0.0
    for number in range(1, 7):
        idle = watchdog.idle_for(idle, _look(untouched=number * 10.0))
    last = _look(untouched=60.0)
    found = watchdog.stalled(idle, last, _AFTER)
    assert found is not None
    assert (found.queue, found.depth) == ("send", 7)
    assert watchdog.stalled(idle - 1, last, _AFTER) is None


@given(st.lists(st.builds(_look, late=st.booleans(), busy=st.booleans(), untouched=st.floats(0, 3600), away=st.booleans())))
def test_a_worker_is_never_ended_sooner_than_it_was_free_for_so_long(looks: list[Look]) -> None:
    """Whatever it went through: the last looks, as many as fill the time, all found it free, awake and connected."""
    idle = 0.0
    for number, look in enumerate(looks, start=1):
        idle = watchdog.idle_for(idle, look)
        if watchdog.stalled(idle, look, _AFTER):
            last = looks[max(0, number - 6) : number]
            assert len(last) == 6
            assert not any(each.busy or each.late or each.backlogs is None for each in last)


def test_after_the_broker_a_worker_has_time_to_reconnect() -> None:
    idle = watchdog.idle_for(500.0, _look(away=True))
    assert idle < -30
    assert watchdog.idle_for(idle, _look(busy=True)) == idle
    assert watchdog.idle_for(idle, _look(late=True)) == idle
    assert watchdog.idle_for(idle, _look()) == idle + 10


def test_a_worker_is_not_stuck_while_another_takes_everything() -> None:
    assert watchdog.stalled(10_000.0, _look(untouched=_AFTER - 0.1), _AFTER) is None
