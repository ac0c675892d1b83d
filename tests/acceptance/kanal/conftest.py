"""Teams of the running stack, so that no other test's limits are met. Every answer is held against the api's own description."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from deploy.local.stack import Stack
from tests.acceptance import conformance
from tests.acceptance.kanal import team as teams
from tests.acceptance.kanal.team import Team
from tests.integration import this_process

MakeTeam = Callable[..., Team]


@pytest.fixture(scope="package")
def own_process(stack: Stack) -> Iterator[Engine]:
    """antar's functions in this process, on the database of the stack."""
    with this_process.set_up(stack.environment()) as engine:
        yield engine


@pytest.fixture(scope="package")
def make_team(stack: Stack, own_process: Engine) -> Iterator[MakeTeam]:
    with conformance.client(stack.base_url) as http:
        yield lambda **options: teams.make(http, own_process, stack.sandbox_url, **options)


@pytest.fixture(scope="package")
def team(make_team: MakeTeam) -> Team:
    return make_team()
