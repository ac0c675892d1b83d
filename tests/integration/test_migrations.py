"""The migrations make what the tables say, can be taken back, and can be applied again."""

import secrets
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, inspect, text

from deploy.local.stack import Stack
from shared.db import migrate
from shared.db.tables import metadata


@pytest.fixture
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


def test_the_migrated_database_is_what_the_tables_say(empty_database: Engine) -> None:
    migrate.upgrade(empty_database)
    configuration = migrate.config()
    with empty_database.begin() as connection:
        configuration.attributes["connection"] = connection
        command.check(configuration)


def test_every_migration_can_be_taken_back_and_applied_again(empty_database: Engine) -> None:
    configuration = migrate.config()
    for _ in range(2):
        migrate.upgrade(empty_database)
        assert set(metadata.tables) <= set(inspect(empty_database).get_table_names())
        with empty_database.begin() as connection:
            configuration.attributes["connection"] = connection
            command.downgrade(configuration, "base")
        assert inspect(empty_database).get_table_names() == ["alembic_version"]
