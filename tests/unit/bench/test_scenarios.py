from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import pytest

from tests.bench import http, posting, scenarios
from tests.bench.errors import Miscounted
from tests.bench.http import Reader
from tests.bench.messages import Shape
from tests.bench.provider.behaviour import Counts
from tests.bench.provider.owner import Provider
from tests.bench.scenarios import growth
from tests.bench.scenarios.base import cpu_readings
from tests.bench.scenarios.growth import Level


@dataclass
class Counted:
    """A provider that has counted."""

    found: Counts

    def counts(self) -> Counts:
        return self.found


def check(shape: Shape, sent: int, counts: Counts) -> None:
    posting._check(cast("Provider", Counted(counts)), "antar", shape, 3, sent)


def test_scenarios_are_chosen_by_name_and_measured_in_their_own_order() -> None:
    assert [plan.name for plan in scenarios.named("delivery, intake")] == ["intake", "delivery"]
    assert len(set(scenarios.NAMES)) == len(scenarios.ALL)


def test_unknown_scenario_is_named_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no scenario 'speed': there are intake, "):
        scenarios.named("intake,speed")


def test_scenarios_with_the_same_setting_stand_beside_one_another() -> None:
    settings = [plan.setting for plan in scenarios.ALL]
    changes = sum(one != other for one, other in pairwise(settings))
    assert changes + 1 == len(set(settings))


def test_cpu_is_read_by_process() -> None:
    readings = list(cpu_readings("single", "one channel", {"api": 12.5, "worker": 300}))
    assert [(reading.figure.key, reading.figure.label, reading.value) for reading in readings] == [
        ("single.cpu.api", "api", 12.5),
        ("single.cpu.worker", "worker", 300),
    ]


@pytest.mark.parametrize(
    ("sends", "scheduled", "expected"),
    [
        ([0], [0], [Level(0, 0)]),
        ([1000, 0, 10], [0], [Level(0, 0), Level(10, 0), Level(1000, 0)]),
        ([0, 10], [0, 5, 50], [Level(0, 0), Level(10, 0), Level(10, 5), Level(10, 50)]),
        ([10], [5], [Level(0, 0), Level(10, 0), Level(10, 5)]),
    ],
)
def test_tables_only_grow_from_empty_on(sends: list[int], scheduled: list[int], expected: list[Level]) -> None:
    assert growth.levels(sends, scheduled) == expected


def test_level_is_named_for_people_and_for_scripts() -> None:
    assert Level(1_000_000, 0).label == "1 000 000 sends"
    assert Level(1_000_000, 5000).label == "1 000 000 sends, 5 000 scheduled"
    assert Level(1_000_000, 5000).key == "1000000_5000"


@pytest.mark.parametrize(
    ("shape", "counts"),
    [
        (Shape.SINGLE, Counts(accepted={"waba": 3}, recipients={"waba": 3})),
        (Shape.TIERS, Counts(accepted={"waba": 3}, refused={"whatsapp": 3, "telegram": 3}, recipients={"waba": 3})),
    ],
)
def test_sends_that_went_as_they_should_are_counted(shape: Shape, counts: Counts) -> None:
    check(shape, 3, counts)


@pytest.mark.parametrize(
    ("shape", "sent", "counts"),
    [
        pytest.param(Shape.SINGLE, 2, Counts(accepted={"waba": 3}, recipients={"waba": 3}), id="not sent, by the tables"),
        pytest.param(Shape.SINGLE, 3, Counts(accepted={"waba": 4}, recipients={"waba": 3}), id="called twice"),
        pytest.param(Shape.SINGLE, 3, Counts(accepted={"waba": 3}, recipients={"waba": 2}), id="one twice, another never"),
        pytest.param(Shape.TIERS, 3, Counts(accepted={"waba": 3}, recipients={"waba": 3}), id="the tiers before left out"),
    ],
)
def test_sends_that_went_in_another_way_are_no_figure(shape: Shape, sent: int, counts: Counts) -> None:
    with pytest.raises(Miscounted, match=f"antar: 3 sends, of which {sent} were sent"):
        check(shape, sent, counts)


def test_get_is_read_as_it_was_written() -> None:
    (read,) = Reader().feed(http.get("/v1/sends/snd_1", {"Authorization": "Bearer t"}))
    assert (read.line, read.body) == (b"GET /v1/sends/snd_1 HTTP/1.1", b"")
