"""Organisations of the running stack, so that no other test's limits are met."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from deploy.local.stack import Stack
from tests.acceptance import conformance
from tests.acceptance.kirim import organisation as organisations
from tests.acceptance.kirim.organisation import Organisation
from tests.integration import this_process

MakeOrganisation = Callable[..., Organisation]


@pytest.fixture(scope="package")
def own_process(stack: Stack) -> Iterator[Engine]:
    """antar's functions in this process, on the database of the stack."""
    with this_process.set_up(stack.environment()) as engine:
        yield engine


@pytest.fixture(scope="package")
def make_organisation(stack: Stack, own_process: Engine) -> Iterator[MakeOrganisation]:
    with conformance.client(stack.base_url) as http:
        yield lambda **limits: organisations.make(http, own_process, stack.sandbox_url, **limits)


@pytest.fixture(scope="package")
def organisation(make_organisation: MakeOrganisation) -> Organisation:
    """An account with one number, and a template."""
    made = make_organisation()
    made.add_number()
    made.add_template("order_confirmation")
    return made


@pytest.fixture(scope="package")
def nobody(make_organisation: MakeOrganisation) -> Organisation:
    """An account without a number."""
    return make_organisation()
