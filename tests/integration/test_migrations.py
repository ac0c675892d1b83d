"""The migrations make what the tables say, can be taken back, and can be applied again."""

from alembic import command
from sqlalchemy import Engine, inspect

from shared.db import migrate
from shared.db.tables import metadata


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
