"""The stack the tests run against: real Postgres, real Valkey, real workers, started once a session."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import demo
from deploy.local.stack import Options, Stack

_SHORT_PATIENCE = {
    "ANTAR_API_THREADS": "64",
    "ANTAR_RETRY_BASE_DELAY": "0.2",
    "ANTAR_RETRY_SECONDS": "5",
    "ANTAR_READ_TIMEOUT": "4",
    "ANTAR_LEASE_SECONDS": "8",
    "ANTAR_HORIZON_SECONDS": "8",
    "ANTAR_PROMOTE_INTERVAL": "1",
    "ANTAR_RECOVER_INTERVAL": "1",
    "ANTAR_PROBE_INTERVAL": "1",
    "ANTAR_REPUBLISH_AFTER": "3",
}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack in a folder of its own, with its demonstration accounts. Its patience is short, so that failures show soon."""
    home = tmp_path_factory.mktemp("antar")
    with Stack(home, Options(environment=_SHORT_PATIENCE), report=_report(home)) as running:
        demo.ensure(running)
        yield running


def _report(home: Path) -> Any:
    def write(line: str) -> None:
        with (home / "report.log").open("a") as file:
            file.write(f"{line}\n")

    return write


@pytest.fixture(scope="session")
def demo_account(stack: Stack) -> dict[str, Any]:
    """What ``demo.json`` says."""
    document: dict[str, Any] = json.loads(stack.home.demo.read_text())
    return document
