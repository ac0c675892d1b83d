"""``python -m tests.bench``: start a stack, measure, print a table and write the figures as JSON."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from deploy.local import demo
from deploy.local.stack import Stack
from tests.bench import scenarios

_COLUMNS = ("scenario", "posts", "per_second", "p50_ms", "p99_ms", "statuses")


@click.command()
@click.option("--posts", default=20_000, show_default=True, help="Sends per scenario.")
@click.option("--output", type=click.Path(path_type=Path), default=".antar/bench.json", show_default=True)
def main(posts: int, output: Path) -> None:
    """Measure the intake, delivery and answer time on a stack of its own."""
    with TemporaryDirectory(prefix="antar-bench-") as home, Stack(Path(home), report=click.echo) as stack:
        bench = scenarios.Bench(stack=stack, demo=demo.ensure(stack))
        rows = list(scenarios.rows(bench, posts))
    _print(rows)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(rows, indent=2))
    click.echo(f"figures written to {output}")


def _print(rows: list[scenarios.Row]) -> None:
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in _COLUMNS))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
