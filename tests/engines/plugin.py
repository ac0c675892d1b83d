"""The plugin by which the tests find the servers of an engine: ``pytest -p tests.engines.plugin --engine NAME``."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engines import engine
from tests.engines.engine import Engine

NAME = "engines"


class Chosen:
    """The engine that was chosen."""

    def __init__(self, module: engine.Module) -> None:
        self._module = module
        self._running: list[Engine] = []
        self._left: list[int] = []
        self._finished = 0

    def start(self, folder: Path) -> Mapping[str, str]:
        """Start the engine once more, for one stack, and give the variables by which it is found."""
        started = self._module.start(folder)
        self._running.append(started)
        return started.environment

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Settle after how many tests the servers are disturbed."""
        count = len(session.items)
        self._left = [count // 3, count * 2 // 3]

    def pytest_runtest_logfinish(self) -> None:
        """Disturb them when the next test is about to begin."""
        self._finished += 1
        if self._finished in self._left:
            for each in self._running:
                each.disturb()

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Wait where a test is about what nobody promises while a server is being replaced."""
        if item.get_closest_marker("steady"):
            for each in self._running:
                each.await_steady()

    def pytest_unconfigure(self) -> None:
        """Stop all servers."""
        for each in reversed(self._running):
            each.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses."""
    parser.addoption("--engine", required=True, choices=engine.NAMES)


def pytest_configure(config: pytest.Config) -> None:
    """Let the fixtures find what was chosen."""
    config.pluginmanager.register(Chosen(engine.load(config.getoption("--engine"))), NAME)
