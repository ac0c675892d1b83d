"""Accounts of these tests' own, with nothing in them."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import Engine

from deploy.local.stack import Stack
from tests.acceptance import conformance
from tests.acceptance.backend import Backend
from tests.acceptance.kirim import organisation
from tests.acceptance.management.manager import Manager
from tests.integration import this_process

MakeManager = Callable[[], Manager]


@pytest.fixture(scope="package")
def own_process(stack: Stack) -> Iterator[Engine]:
    """antar's functions in this process, on the database of the stack."""
    with this_process.set_up(stack.environment()) as engine:
        yield engine


@pytest.fixture(scope="package")
def http(stack: Stack) -> Iterator[httpx.Client]:
    with conformance.client(stack.base_url) as client:
        yield client


@pytest.fixture
def make_manager(http: httpx.Client, own_process: Engine, backend: Backend, stack: Stack) -> MakeManager:
    def make() -> Manager:
        made = organisation.make(http, own_process, stack.sandbox_url)
        return Manager(http=http, token=made.token, sandbox=backend.sandbox)

    return make


@pytest.fixture
def manager(make_manager: MakeManager) -> Manager:
    return make_manager()


@pytest.fixture
def stranger_to_it(make_manager: MakeManager) -> Manager:
    """Another account."""
    return make_manager()
