import json
from typing import Any

import pytest
from rich.console import Console

from tests.bench import figures
from tests.bench.figures import Aim, Figure, Line, Reading, Run, Spread
from tests.bench.report import charts, record, table
from tests.bench.report.charts import Bar, Panel, Place, Stack

RATE = Figure(
    key="rate",
    group="accepted sends",
    label="64 clients",
    unit="/s",
    aims=(Aim(bound=3000, at_least=True), Aim(bound=0.7, at_least=True, against="limit")),
)
TIME = Figure(key="p50", group="answer", label="p50", unit="ms", aims=(Aim(bound=10),))


def run(rate: float, limit: float, time: float) -> Run:
    return {
        "antar": [Reading(figure=RATE, value=rate), Reading(figure=TIME, value=time)],
        "limit": [Reading(figure=RATE, value=limit)],
    }


RUNS = [run(3200, 4000, 12), run(2900, 5000, 8), run(3100, 4000, 20)]
LINES = figures.lines(RUNS)


def shown(lines: list[Line]) -> list[list[str]]:
    console = Console(width=120, record=True)
    with console.capture() as capture:
        console.print(table.table("Intake", "How to read it.", lines))
    return [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in capture.get().splitlines()]


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0.00"), (0.123, "0.12"), (9.996, "10.00"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12 346"), (-0.5, "-0.50")],
)
def test_number_has_the_digits_that_tell_it_apart(value: float, written: str) -> None:
    assert table.number(value) == written


def test_table_leaves_out_what_was_not_measured() -> None:
    assert ["", "antar", "limit", "/ limit", "aim"] in shown(LINES)


def test_table_has_the_median_what_runs_lie_between_and_the_verdict() -> None:
    row = next(row for row in shown(LINES) if row[0] == "64 clients")
    assert row == ["64 clients", "3 100 (2 900-3 200)", "4 000 (4 000-5 000)", "0.78", "at least 3000: reached"]
    assert ["", "", "", "", "at least 0.7 x limit: reached"] in shown(LINES)


def test_table_says_which_aims_are_missed() -> None:
    assert next(row for row in shown(LINES) if row[0] == "p50")[-1] == "at most 10: missed"
    assert table.missed(LINES) == ["answer (ms), p50: at most 10"]


def test_aim_that_nothing_was_measured_for_is_not_reached() -> None:
    (line,) = figures.lines([{"limit": [Reading(figure=TIME, value=1)]}])
    assert table.aims(line) == "at most 10: not measured"


def test_panel_is_a_group_and_an_aim_on_a_ratio_stands_where_the_baseline_puts_it() -> None:
    bars = (
        Bar(subject="antar", spread=Spread(median=3100, lowest=2900, highest=3200)),
        Bar(subject="limit", spread=figures.spread([4000, 5000, 4000])),
    )
    first, second = charts.panels(LINES)
    assert first == Panel(title="accepted sends", unit="/s", places=(Place(label="64 clients", bars=bars, aims=(3000, 2800)),))
    assert isinstance(second, Panel)
    assert (second.title, [place.aims for place in second.places]) == ("answer", [(10,)])


def test_parts_of_a_whole_are_stacked_by_subject() -> None:
    api, worker = (Figure(key=name, group="CPU", label=name, unit="us", is_part=True) for name in ("api", "worker"))
    run: Run = {
        "antar": [Reading(figure=api, value=100), Reading(figure=worker, value=200)],
        "limit": [Reading(figure=worker, value=50)],
    }
    expected = Stack(title="CPU", unit="us", bars={"antar": {"api": 100, "worker": 200}, "limit": {"worker": 50}})
    assert charts.panels(figures.lines([run])) == [expected]


def test_aim_against_what_was_not_measured_is_not_drawn() -> None:
    (panel,) = charts.panels(figures.lines([{"antar": [Reading(figure=RATE, value=1)]}]))
    assert isinstance(panel, Panel)
    assert panel.places[0].aims == (3000,)


def test_json_has_every_run_and_what_they_come_to() -> None:
    written: dict[str, Any] = json.loads(json.dumps(record.document("intake", {"python": "3"}, RUNS, LINES)))
    rate = written["figures"][0]
    assert written["python"] == "3"
    assert [found["antar"]["rate"] for found in written["runs"]] == [3200, 2900, 3100]
    assert rate["spreads"]["antar"] == {"median": 3100, "lowest": 2900, "highest": 3200}
    assert [aim["met"] for aim in rate["aims"]] == [True, True]
