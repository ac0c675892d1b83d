"""Running scenarios: on their beds, as often as wanted, and writing down what they came to."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.markup import escape

from deploy.local.errors import StackError
from tests.bench import arrivals, bed, figures
from tests.bench.bed import Bed, Setting
from tests.bench.errors import NoFigure
from tests.bench.figures import Run
from tests.bench.report import charts, machine, plot, record, table
from tests.bench.scenarios.base import Effort, Plan


class Beds:
    """The bed in use: another one is made when another setting is asked for."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._bed: Bed | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def give_up(self) -> None:
        """Take away the bed in use."""
        self._held.close()
        self._bed = None

    def get(self, setting: Setting) -> Bed:
        """Give a bed with this setting."""
        if self._bed is None or self._bed.setting != setting:
            self.give_up()
            self._bed = self._held.enter_context(bed.make(setting))
        return self._bed


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """Where results go."""

    console: Console
    folder: Path

    def show(self, plan: Plan, facts: dict[str, Any], runs: Sequence[Run]) -> None:
        """Print the table of a scenario, and write its JSON and its picture."""
        lines = figures.lines(runs)
        self.console.print(table.table(plan.title, plan.notes, lines))
        self.folder.mkdir(parents=True, exist_ok=True)
        record.write(self.folder / f"{plan.name}.json", record.document(plan.name, facts, runs, lines))
        plot.draw(self.folder / f"{plan.name}.png", plan.title, charts.panels(lines))


def run(plans: Sequence[Plan], effort: Effort, output: Output) -> list[str]:
    """Measure scenarios one after the other, and show each when it is over; name those that gave no figures."""
    with Beds() as beds:
        return [plan.name for plan in plans if not _is_measured(plan, beds, effort, output)]


def _is_measured(plan: Plan, beds: Beds, effort: Effort, output: Output) -> bool:
    output.console.print(f"[dim]{plan.name}: setting up[/dim]")
    try:
        made = beds.get(plan.setting)
        output.show(plan, machine.facts(made), list(_runs(plan, made, effort, output.console)))
    except (NoFigure, StackError) as error:
        output.console.print(f"[bold red]{plan.name}: {type(error).__name__}:[/] {escape(str(error))}")
        beds.give_up()
        return False
    return True


def _runs(plan: Plan, made: Bed, effort: Effort, console: Console) -> Iterator[Run]:
    scenario = plan.make(made, effort)
    scenario.warm_up()
    for number in range(effort.runs):
        console.print(f"[dim]{plan.name}: run {number + 1} of {effort.runs}[/dim]")
        yield {subject: list(scenario.measure(subject, number)) for subject in arrivals.rotated(plan.subjects, number)}
