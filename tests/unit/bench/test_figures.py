import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench import figures
from tests.bench.figures import Aim, Figure, Line, Reading, Run, Spread

RATE = Figure(key="rate", group="sends", label="64 clients", unit="/s")
TIME = Figure(key="time", group="time", label="64 clients, p50", unit="ms")
SLOWER = Figure(key="slower", group="sends", label="16 clients", unit="/s")

values = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=50)


def run(**readings: dict[Figure, float]) -> Run:
    return {
        subject: [Reading(figure=figure, value=value) for figure, value in found.items()] for subject, found in readings.items()
    }


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, 1), (1, 1), (10, 1), (11, 2), (50, 5), (51, 6), (90, 9), (99, 10), (99.9, 10), (100, 10)],
)
def test_percentile_is_the_least_value_that_so_many_do_not_exceed(percent: float, expected: float) -> None:
    assert figures.percentile([10, 3, 1, 2, 9, 4, 8, 5, 7, 6], percent) == expected


@settings(deadline=None)
@given(values=values, percent=st.floats(min_value=0, max_value=100))
def test_percentile_leaves_no_more_above_it_than_its_share(values: list[float], percent: float) -> None:
    found = figures.percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-9


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        figures.percentile([], 50)


@settings(deadline=None)
@given(values)
def test_spread_holds_the_median_between_its_ends(values: list[float]) -> None:
    spread = figures.spread(values)
    assert spread.lowest == min(values)
    assert spread.highest == max(values)
    assert spread.lowest <= spread.median <= spread.highest


@pytest.mark.parametrize(
    ("aim", "met", "missed"),
    [(Aim(bound=10), (9.9, 10), (10.1, 100)), (Aim(bound=0.7, at_least=True), (0.7, 3), (0.69, 0))],
)
def test_aim_is_met_at_its_bound_and_on_its_side(aim: Aim, met: tuple[float, ...], missed: tuple[float, ...]) -> None:
    assert [aim.is_met(value) for value in (*met, *missed)] == [True, True, False, False]


def test_line_has_the_median_of_every_subject() -> None:
    runs = [run(antar={RATE: value}, naive={RATE: value / 10}) for value in (300, 100, 200)]
    (line,) = figures.lines(runs)
    assert line.spreads == {
        "antar": Spread(median=200, lowest=100, highest=300),
        "naive": Spread(median=20, lowest=10, highest=30),
    }


def test_ratio_is_worked_out_within_each_run() -> None:
    # Of the medians the ratio would be 10: the slow run was slow for both, and says 2.
    runs = [
        run(antar={RATE: 10}, limit={RATE: 5}),
        run(antar={RATE: 400}, limit={RATE: 200}),
        run(antar={RATE: 50}, limit={RATE: 1}),
    ]
    (line,) = figures.lines(runs)
    assert line.ratios == {"limit": Spread(median=2, lowest=2, highest=50)}


def test_run_without_a_reading_counts_in_no_ratio() -> None:
    runs = [run(antar={RATE: 10}, naive={RATE: 0}), run(antar={RATE: 10}), run(antar={RATE: 30}, naive={RATE: 10})]
    (line,) = figures.lines(runs)
    assert line.ratios["naive"] == Spread(median=3, lowest=3, highest=3)
    assert "limit" not in line.ratios


def test_lines_of_a_group_stand_beside_one_another_in_their_order() -> None:
    only_naive = Figure(key="pool", group="time", label="pool", unit="ms")
    runs = [run(naive={only_naive: 1}, antar={RATE: 1, TIME: 1, SLOWER: 1})]
    assert [line.figure for line in figures.lines(runs)] == [RATE, SLOWER, TIME, only_naive]


@pytest.mark.parametrize(
    ("aim", "verdict"),
    [
        (Aim(bound=90, at_least=True), True),
        (Aim(bound=90), False),
        (Aim(bound=5, at_least=True, against="naive"), True),
        (Aim(bound=25, at_least=True, against="naive"), False),
        (Aim(bound=1, at_least=True, against="limit"), None),
    ],
)
def test_line_judges_the_median_or_the_ratio(aim: Aim, verdict: bool | None) -> None:  # noqa: FBT001 - a verdict, or the lack of one.
    spreads = {"antar": figures.spread([100.0]), "naive": figures.spread([5.0])}
    line = Line(figure=RATE, spreads=spreads, ratios={"naive": figures.spread([20.0])})
    assert line.judged(aim) is verdict


def test_baseline_alone_is_not_judged() -> None:
    assert Line(figure=RATE, spreads={"naive": figures.spread([1.0])}, ratios={}).judged(Aim(bound=1)) is None
