"""A house that is robbed in every way we know."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from deploy.local.stack import Stack
from tests.acceptance.backend import Backend
from tests.acceptance.secrets import house as houses
from tests.acceptance.secrets.house import House
from tests.integration import this_process


@pytest.fixture(scope="package")
def own_process(stack: Stack) -> Iterator[Engine]:
    """antar's functions in this process, on the database of the stack."""
    with this_process.set_up(stack.environment()) as engine:
        yield engine


@pytest.fixture(scope="package")
def house(stack: Stack, own_process: Engine, backend: Backend, demo_account: dict[str, Any]) -> House:
    return houses.found(stack, own_process, backend, demo_account["smtp"])
