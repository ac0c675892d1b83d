"""Customers of the running stack, each with an account and a server of their own."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from deploy.local.stack import Stack
from tests.acceptance import conformance
from tests.acceptance.kirim import organisation as organisations
from tests.acceptance.webhooks.customer import Customer
from tests.integration import this_process
from tests.integration.receiver import Receiver, serve

MakeCustomer = Callable[..., Customer]


@pytest.fixture(scope="package")
def own_process(stack: Stack) -> Iterator[Engine]:
    """antar's functions in this process, on the database of the stack."""
    with this_process.set_up(stack.environment()) as engine:
        yield engine


@pytest.fixture(scope="package")
def make_customer(stack: Stack, own_process: Engine) -> Iterator[MakeCustomer]:
    with conformance.client(stack.base_url) as http:
        yield lambda **limits: Customer(organisations.make(http, own_process, stack.sandbox_url, **limits))


@pytest.fixture
def customer(make_customer: MakeCustomer) -> Customer:
    return make_customer()


@pytest.fixture(scope="package")
def neighbour(make_customer: MakeCustomer) -> Customer:
    """Another account."""
    return make_customer()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve() as running:
        yield running
