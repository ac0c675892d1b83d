"""A database that nothing else uses."""

import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from deploy.local.stack import Stack


@pytest.fixture(scope="module")
def empty_database(stack: Stack) -> Iterator[Engine]:
    name = f"antar_{secrets.token_hex(6)}"
    server = create_engine(stack.environment()["ANTAR_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        engine = create_engine(server.url.set(database=name))
        yield engine
        engine.dispose()
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
