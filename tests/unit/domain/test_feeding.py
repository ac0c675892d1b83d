"""Room is shared out fairly, and a rate allows no more than it says."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import feeding
from shared.domain.feeding import Allowance, Hungry, Room


def _hungry(*rooms_of_accounts: list[int]) -> list[Hungry]:
    """Give campaigns by the rooms they have, account by account."""
    return [
        Hungry(id=UUID(int=100 * account + number), account_id=UUID(int=account), room=room)
        for account, rooms in enumerate(rooms_of_accounts, start=1)
        for number, room in enumerate(rooms)
    ]


def _shares(room: int, *rooms_of_accounts: list[int], turn: int = 0) -> list[list[int]]:
    campaigns = _hungry(*rooms_of_accounts)
    shares = feeding.share(Room(together=room, apart={}), 1_000_000, campaigns, turn)
    found = iter(shares.get(each.id, 0) for each in campaigns)
    return [[next(found) for _ in rooms] for rooms in rooms_of_accounts]


@pytest.mark.parametrize(
    ("room", "wanted", "expected"),
    [
        (100, [[10], [20, 30]], [[10], [20, 30]]),
        (40, [[100], [100, 100]], [[20], [10, 10]]),
        (40, [[5], [100, 10]], [[5], [25, 10]]),
        (0, [[5]], [[0]]),
        (-3, [[5], [5]], [[0], [0]]),
        (10, [[0], [7]], [[0], [7]]),
        (10, [], []),
        (3, [[1_000_000], [10]], [[2], [1]]),
    ],
)
def test_shares(room: int, wanted: list[list[int]], expected: list[list[int]]) -> None:
    assert _shares(room, *wanted) == expected


_WANTED = st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=4), max_size=5)


@given(room=st.integers(-5, 300), wanted=_WANTED, turn=st.integers(0, 50))
def test_all_that_can_be_used_is_given_and_no_more(room: int, wanted: list[list[int]], turn: int) -> None:
    shares = _shares(room, *wanted, turn=turn)
    assert all(
        0 <= got <= want
        for got_all, want_all in zip(shares, wanted, strict=True)
        for got, want in zip(got_all, want_all, strict=True)
    )
    assert sum(map(sum, shares)) == max(0, min(room, sum(map(sum, wanted))))


@given(room=st.integers(0, 300), wanted=_WANTED, turn=st.integers(0, 50))
def test_who_gets_less_than_is_wanted_gets_as_much_as_anybody_or_one_less(room: int, wanted: list[list[int]], turn: int) -> None:
    shares = _shares(room, *wanted, turn=turn)
    parts = [(sum(got), sum(want)) for got, want in zip(shares, wanted, strict=True)]
    for group in (parts, *(list(zip(got, want, strict=True)) for got, want in zip(shares, wanted, strict=True))):
        most = max((got for got, _ in group), default=0)
        assert all(got >= most - 1 for got, want in group if got < want)


@given(accounts=st.integers(1, 4), campaigns=st.integers(1, 4), room=st.integers(1, 5))
def test_nobody_starves_however_little_there_is(accounts: int, campaigns: int, room: int) -> None:
    given_to = Counter[UUID]()
    asking = _hungry(*[[1000] * campaigns] * accounts)
    for turn in range(60 * accounts * campaigns):
        given_to.update(feeding.share(Room(together=room, apart={}), 1_000_000, asking, turn))
    fair = room * 60
    assert all(0.8 * fair <= given_to[each.id] <= 1.2 * fair for each in asking)


@pytest.mark.parametrize(
    ("in_flight", "most", "expected"),
    [
        ([0, 0], 100, [50, 50]),
        ([60, 0], 1000, [30, 30]),
        ([120, 0], 1000, [0, 60]),
        ([120, 45], 1000, [0, 15]),
        ([120, 300, 0], 1000, [0, 0, 40]),
        ([20, 300, 10], 1000, [20, 0, 30]),
        ([20, 300, 10], 8, [4, 0, 4]),
        ([120, 60], 1000, [0, 0]),
    ],
)
def test_who_holds_more_than_an_equal_part_keeps_nobody_from_theirs(in_flight: list[int], most: int, expected: list[int]) -> None:
    accounts = [UUID(int=number) for number in range(1, len(in_flight) + 1)]
    asking = [Hungry(id=account, account_id=account, room=1000) for account in accounts]
    shares = feeding.share(feeding.room(120, dict(zip(accounts, in_flight, strict=True))), most, asking, turn=0)
    assert [shares.get(account, 0) for account in accounts] == expected


@pytest.mark.parametrize(
    ("rate", "credit", "elapsed", "expected"),
    [
        (10.0, 0.0, 0.5, Allowance(number=5, credit=5.0)),
        (10.0, 0.7, 0.05, Allowance(number=1, credit=1.2)),
        (10.0, 0.0, 0.0, Allowance(number=0, credit=0.0)),
        (10.0, 0.0, -5.0, Allowance(number=0, credit=0.0)),
        (10.0, 3.0, 3600.0, Allowance(number=11, credit=11.0)),
        (1 / 60, 0.0, 59.0, Allowance(number=0, credit=59 / 60)),
        (1 / 60, 0.0, 60.0, Allowance(number=1, credit=1.0)),
        (1 / 60, 0.0, 3600.0, Allowance(number=1, credit=61 / 60)),
    ],
)
def test_a_rate_allows(rate: float, credit: float, elapsed: float, expected: Allowance) -> None:
    allowed = feeding.allow(rate, credit, elapsed, most_seconds=1.0)
    assert allowed.number == expected.number
    assert allowed.credit == pytest.approx(expected.credit)


@given(rate=st.floats(0.01, 500), looks=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_more_is_made_than_the_rate_allows_over_any_time(rate: float, looks: list[float]) -> None:
    credit, made, seconds = 0.0, 0, 0.0
    for elapsed in looks:
        allowed = feeding.allow(rate, credit, elapsed, most_seconds=1.0)
        credit, made, seconds = max(0.0, allowed.credit - allowed.number), made + allowed.number, seconds + elapsed
        assert allowed.number <= 1.0 + rate + 1e-6
        assert made <= rate * seconds + 1e-6 * len(looks)


@given(rate=st.floats(0.5, 200))
def test_what_is_asked_for_often_enough_is_made(rate: float) -> None:
    credit, made = 0.0, 0
    for _ in range(200):
        allowed = feeding.allow(rate, credit, 0.1, most_seconds=1.0)
        credit, made = allowed.credit - allowed.number, made + allowed.number
    assert abs(made - rate * 20) <= 1.001
