"""What goes to the same place goes there together."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import ids, settings
from worker.deliver import advance
from worker.deliver.advance import Publish, Settlement
from worker.deliver.claim import Early
from worker.deliver.result import Lineage
from worker.runtime import publisher

A, B = Lineage(root_id="a", task_id="1"), Lineage(root_id="b", task_id="2")


def to_publish(queue: str, countdown: float | None, lineage: Lineage) -> Publish:
    return Publish(ids=(ids.new(), ids.new()), queue=queue, countdown=countdown, lineage=lineage)


def test_only_what_has_place_time_and_parent_in_common_is_put_together() -> None:
    first, second = to_publish("send", None, A), to_publish("send", None, A)
    others = [to_publish("bulk", None, A), to_publish("send", 1.0, A), to_publish("send", None, B)]
    groups = publisher._grouped([first, *others, second])
    assert groups[A, "send", None] == [*first.ids, *second.ids]
    assert sorted(len(delivery_ids) for delivery_ids in groups.values()) == [2, 2, 2, 4]


WITHIN_AND_BEYOND = st.floats(0, settings.Settings.model_fields["horizon_seconds"].default + 60)
backs = st.builds(lambda seconds: Early(id=ids.new(), queue="send", seconds=seconds), WITHIN_AND_BEYOND)


@given(st.lists(backs))
def test_what_is_given_back_is_published_to_the_second_within_the_horizon(given_back: list[Early]) -> None:
    groups = publisher._by_second(given_back)
    by_id = {each.id: each.seconds for each in given_back}
    published = dict(_flat(groups))
    assert published.keys() == {identifier for identifier, seconds in by_id.items() if seconds <= settings.get().horizon_seconds}
    assert all(0 <= countdown - by_id[identifier] <= 1 for identifier, countdown in published.items())


def _flat(groups: dict[tuple[str, float], list[UUID]]) -> Iterator[tuple[UUID, float]]:
    for (_, seconds), delivery_ids in groups.items():
        yield from ((identifier, seconds) for identifier in delivery_ids)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_follows_one_commit_is_put_together(count: int) -> None:
    each = [Settlement(publish=(to_publish("send", None, A),), wake={"api-1": (ids.new(),)}) for _ in range(count)]
    both = advance.joined(*each, Settlement(publish=(), wake={"api-2": ()}))
    assert both.publish == tuple(item for one in each for item in one.publish)
    assert both.wake.get("api-1", ()) == tuple(identifier for one in each for identifier in one.wake["api-1"])
