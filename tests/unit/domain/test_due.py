from shared import ids
from shared.domain.due import AT_ONCE, Due, together


def test_deliveries_of_one_moment_and_queue_go_together_and_the_earliest_first() -> None:
    first, second, third, fourth, fifth = (ids.new() for _ in range(5))
    deliveries = [
        Due(id=first, queue="send", at=7.5),
        Due(id=second, queue="send", at=AT_ONCE),
        Due(id=third, queue="bulk", at=7.5),
        Due(id=fourth, queue="send", at=7.5),
        Due(id=fifth, queue="send", at=3.0),
    ]
    assert list(together(deliveries).items()) == [
        ((AT_ONCE, "send"), [second]),
        ((3.0, "send"), [fifth]),
        ((7.5, "bulk"), [third]),
        ((7.5, "send"), [first, fourth]),
    ]


def test_nothing_is_grouped_to_nothing() -> None:
    assert together([]) == {}
