"""The figures of a scenario as JSON: every run, what they come to, and the facts they hold for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.figures import Line, Run


def document(name: str, facts: Mapping[str, Any], runs: Sequence[Run], lines: Sequence[Line]) -> dict[str, Any]:
    """Give the JSON."""
    return {"scenario": name, **facts, "figures": [_line(line) for line in lines], "runs": [_run(run) for run in runs]}


def _line(line: Line) -> dict[str, Any]:
    aims = [{**asdict(aim), "met": line.judged(aim)} for aim in line.figure.aims]
    spreads = {subject: asdict(spread) for subject, spread in line.spreads.items()}
    ratios = {subject: asdict(spread) for subject, spread in line.ratios.items()}
    return {**asdict(line.figure), "aims": aims, "spreads": spreads, "ratios": ratios}


def _run(run: Run) -> dict[str, dict[str, float]]:
    return {subject: {reading.figure.key: reading.value for reading in readings} for subject, readings in run.items()}


def write(path: Path, recorded: Mapping[str, Any]) -> None:
    """Write it down."""
    path.write_text(json.dumps(recorded, indent=2) + "\n")
