"""The stack the tests run against: real Postgres, real Valkey, real workers, started once in each process of pytest."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.local import demo
from deploy.local.stack import Options, Stack
from shared import vault

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
    # Tests fail to authenticate on purpose, all from one address.
    "ANTAR_FAILED_AUTH_PER_MINUTE": "10000",
    # The second one is there to be rotated to.
    "ANTAR_SECRET_KEYS": f"{vault.new_key('first')},{vault.new_key('second')}",
}

Servers = Callable[[], Mapping[str, str]]


@pytest.fixture(scope="session")
def engine_servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Servers:
    """Gives each stack the variables of servers of its own; none, so that it starts them itself, unless ``tests.engines`` does."""
    chosen: Any = request.config.pluginmanager.get_plugin("engines")
    return lambda: chosen.start(tmp_path_factory.mktemp("engine")) if chosen else {}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, engine_servers: Servers) -> Iterator[Stack]:
    """A whole stack in a folder of its own, with its demonstration accounts. Its patience is short, so that failures show soon."""
    home = tmp_path_factory.mktemp("antar")
    with Stack(home, Options(environment={**_SHORT_PATIENCE, **engine_servers()}), report=_report(home)) as running:
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
