"""A database that nothing else uses."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url

from deploy.local.stack import Stack
from tests.integration import own_database


@pytest.fixture(scope="module")
def empty_database(stack: Stack) -> Iterator[Engine]:
    with own_database.made(make_url(stack.environment()["ANTAR_DATABASE_URL"])) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()
