"""``python -m tests.bench``: measure on a stack of its own, print tables, and write figures and pictures."""

import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from tests.bench import running, scenarios
from tests.bench.running import Output
from tests.bench.scenarios.base import Effort, Plan

_FULL: Final = Effort(runs=5, seconds=3.0, rows=(0, 1_000_000), scheduled=(0, 1_000_000))
_QUICK: Final = Effort(runs=1, seconds=1.0, rows=(0, 10_000), scheduled=(0, 10_000))
_WIDTH: Final = 160
"""Columns of the tables, whatever the terminal has: a table that is cut says nothing."""


def _only(_context: click.Context, _parameter: click.Parameter, value: str) -> list[Plan]:
    try:
        return scenarios.named(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int] | None:
    try:
        return None if value is None else [int(number.replace("_", "")) for number in value.split(",")]
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option("--only", callback=_only, default=",".join(scenarios.NAMES), show_default=True, help="Scenarios, comma-separated.")
@click.option("--runs", type=click.IntRange(min=1), help="How often each is measured; 5 unless told otherwise, with --quick 1.")
@click.option(
    "--rows", callback=_numbers, help="Sends that tables are filled with for growth, comma-separated, such as 0,1000000,10000000."
)
@click.option("--quick", is_flag=True, help="Measure for a short time, to see that everything works.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=Path(".antar/bench"), show_default=True)
def main(only: list[Plan], runs: int | None, rows: list[int] | None, *, quick: bool, output: Path) -> None:
    """Measure throughput and latency; medians of all runs, and ratios within each run."""
    # Ended from outside, it still stops what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    effort = _QUICK if quick else _FULL
    chosen: dict[str, Any] = {name: value for name, value in (("runs", runs), ("rows", rows)) if value}
    failed = running.run(only, replace(effort, **chosen), Output(console=Console(width=_WIDTH), folder=output))
    click.echo(f"figures and pictures are in {output}")
    if failed:
        sys.exit(f"no figures of {', '.join(failed)}")


if __name__ == "__main__":
    main()
