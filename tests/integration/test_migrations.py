"""The migrations make what the tables say, can be taken back, and can be applied again."""

from typing import Final

from alembic import command
from sqlalchemy import Engine, inspect, text

from shared.db import migrate, partitions
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


_STORAGE: Final = text("""
    SELECT CAST(CAST(inhparent AS regclass) AS text), reloptions FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
     WHERE inhparent IN (to_regclass('sends'), to_regclass('deliveries'))
""")


def _storage(database: Engine) -> set[tuple[str, str | None]]:
    """Give what is said of the storage of partitions, with the names of their tables."""
    with database.connect() as connection:
        return {(table, ",".join(options) if options else None) for table, options in connection.execute(_STORAGE)}


def test_pages_have_room_in_partitions_that_were_there_and_in_new_ones(empty_database: Engine) -> None:
    with_room = {("sends", "fillfactor=80"), ("deliveries", "fillfactor=70")}
    configuration = migrate.config()
    migrate.upgrade(empty_database)
    without = {(table, None) for table, _ in with_room}
    for change, revision, storage in ((command.downgrade, "0005", without), (command.upgrade, "0006", with_room)):
        with empty_database.begin() as connection:
            configuration.attributes["connection"] = connection
            change(configuration, revision)
        assert _storage(empty_database) == storage
    with empty_database.begin() as connection:
        before = partitions.attached(connection)
        partitions.ensure(connection, 9)
        assert partitions.attached(connection) > before
    assert _storage(empty_database) == with_room


_ENDED: Final = text("""
    INSERT INTO deliveries (id, send_id, account_id, channel, tier, fallback, key_id, state, code, ended_at)
    SELECT gen_random_uuid(), gen_random_uuid(), CAST(:account AS uuid), 'waba', 0, false, CAST(:account AS uuid), state, code,
           CAST(ended_at AS timestamptz)
      FROM (VALUES ('sent', NULL, '2026-01-01 10:00:00Z'), ('sent', NULL, '2026-01-01 10:59Z'), ('sent', NULL, '2026-01-01 11:00Z'),
                   ('failed', 'throttled', '2026-01-01 10:30Z'), ('skipped', NULL, '2026-01-01 10:30Z'), ('queued', NULL, NULL))
        AS ended(state, code, ended_at)
""")
_COUNTED: Final = text("""
    SELECT CAST(extract(hour FROM hour AT TIME ZONE 'UTC') AS integer), state, code, number FROM delivery_counts ORDER BY 1, 2
""")


def test_what_ended_before_anything_was_counted_is_counted(empty_database: Engine) -> None:
    configuration = migrate.config()
    migrate.upgrade(empty_database)
    with empty_database.begin() as connection:
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "0006")
        connection.execute(_ENDED, {"account": "00000000-0000-0000-0000-000000000001"})
        command.upgrade(configuration, "head")
        counted = [tuple(row) for row in connection.execute(_COUNTED)]
    assert counted == [(10, "failed", "throttled", 1), (10, "sent", "", 2), (11, "sent", "", 1)]
