"""How scenarios are run and reported.

``FAULTS_SEED`` repeats a run's choices; ``FAULTS_DIR`` is where the figures are written, as JSON and as a table.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import click
import pytest

from tests.faults import report, scenario
from tests.faults.report import Figures
from tests.faults.scenario import Say, Scenario

Run = Callable[[Scenario], Figures]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print figures that are seen without a failure, too."""

    def write(line: str) -> None:
        with capsys.disabled():
            click.echo(f"\n{line}", nl=False)

    return write


@pytest.fixture(scope="session")
def seed() -> int:
    """What all random choices come from."""
    return int(os.environ.get("FAULTS_SEED") or secrets.randbelow(1_000_000))


@pytest.fixture(scope="session")
def figures_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the figures of scenarios are put."""
    given = os.environ.get("FAULTS_DIR")
    return Path(given) if given else tmp_path_factory.mktemp("figures")


@pytest.fixture(scope="session")
def rows(figures_folder: Path, request: pytest.FixtureRequest) -> Iterator[list[Figures]]:
    """The figures of this run, printed as a table at its end."""
    gathered: list[Figures] = []
    yield gathered
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        click.echo(f"\n\n{report.table(map(asdict, gathered))}\n\nfigures in {figures_folder}")


@pytest.fixture
def run(tmp_path: Path, seed: int, say: Say, figures_folder: Path, rows: list[Figures]) -> Run:
    """Run a scenario: everything about it is reported, and nothing about it may be wrong."""

    def run_one(one: Scenario) -> Figures:
        figures = scenario.run(one, tmp_path / "stack", seed, say)
        rows.append(figures)
        report.write(figures_folder, figures)
        assert figures.quiet_after is not None, "the system did not become quiet"
        assert not figures.problems
        assert not figures.bugs
        return figures

    return run_one
