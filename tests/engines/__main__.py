"""Runs the acceptance tests on engines and prints a table: ``python -m tests.engines [ENGINE...] [--only PATH...]``."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.engines import engine


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of the tests on one engine."""

    engine: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""


def main() -> int:
    """Run what is asked for; gives 1 when a test has failed, or none was run on an engine that is there."""
    parser = argparse.ArgumentParser(prog="python -m tests.engines")
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help=f"of {', '.join(engine.NAMES)}; all when none is named")
    parser.add_argument("--only", nargs="+", default=["tests/acceptance"], metavar="PATH", help="the tests to run")
    asked = parser.parse_args()
    if unknown := [name for name in asked.engines if name not in engine.NAMES]:
        parser.error(f"no engine: {', '.join(unknown)}")
    folder = Path(tempfile.mkdtemp(prefix="antar-engines-"))
    print(f"logs and data: {folder}", flush=True)  # noqa: T201 - a command's answer.
    outcomes = [_run(name, folder / name, asked.only) for name in asked.engines or engine.NAMES]
    print(_table(outcomes))  # noqa: T201 - likewise.
    return int(any(each.failed or not (each.passed or each.note) for each in outcomes))


def _run(name: str, folder: Path, tests: Sequence[str]) -> Outcome:
    lacking = engine.missing(engine.load(name))
    if lacking:
        return Outcome(engine=name, note=f"not installed: {', '.join(lacking)}")
    folder.mkdir()
    report = folder / "report.xml"
    options = ["-p", "tests.engines.plugin", "--engine", name, f"--junitxml={report}", f"--basetemp={folder / 'data'}", "-q"]
    variables = {key: value for key, value in os.environ.items() if not key.startswith("ANTAR_")}
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "pytest", *options, *tests], env=variables, check=False)  # noqa: S603 - our own command.
    return _read(name, report, time.monotonic() - started)


def _read(name: str, report: Path, seconds: float) -> Outcome:
    """Read what pytest wrote."""
    suite = ET.parse(report).getroot().find("testsuite") if report.exists() else None  # noqa: S314 - our own file.
    if suite is None:
        return Outcome(engine=name, seconds=seconds)
    count, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
    failed = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    return Outcome(engine=name, passed=count - failed - skipped, failed=failed, skipped=skipped, seconds=seconds)


def _table(outcomes: Sequence[Outcome]) -> str:
    rows = ["| engine | passed | failed | skipped | seconds |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*rows, *map(_row, outcomes)])


def _row(outcome: Outcome) -> str:
    figures = (outcome.passed, outcome.failed, outcome.skipped, round(outcome.seconds))
    cells = " | ".join(map(str, figures)) if not outcome.note else f"- | - | {outcome.note} | -"
    return f"| {outcome.engine} | {cells} |"


if __name__ == "__main__":
    sys.exit(main())
