from uuid import UUID

import pytest

from shared.domain import shares

A, B = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("before", "waiting", "beyond"),
    [
        (set(), {}, set()),
        (set(), {A: 10, B: 6}, set()),
        (set(), {A: 11, B: 6}, {A}),
        ({A}, {A: 6}, {A}),
        ({A}, {A: 5}, set()),
        ({A}, {B: 10}, set()),
        ({A}, {A: 7, B: 11}, {A, B}),
    ],
)
def test_who_is_beyond_his_share_is_so_until_half_of_it_is_left(
    before: set[UUID], waiting: dict[UUID, int], beyond: set[UUID]
) -> None:
    assert shares.beyond(before, waiting, 10) == beyond


def test_the_smallest_share_is_one() -> None:
    assert shares.beyond(set(), {A: 1}, 1) == set()
    assert shares.beyond({A}, {A: 1}, 1) == {A}
    assert shares.beyond({A}, {}, 1) == set()
