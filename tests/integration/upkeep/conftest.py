"""A database of the upkeep's own, whose weeks the tests take away and fill."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event, make_url, text

from deploy.local.stack import Stack
from shared import ids
from shared.db import partitions, turns
from shared.db.partitions import Week
from shared.db.tables.sends import PARTITIONED
from shared.management import accounts
from tests.integration import own_database, this_process
from tests.integration.sends import rows

_KEY = {"sends": "id", "deliveries": "id", "attempts": "delivery_id", "events": "send_id"}


@pytest.fixture(scope="package")
def database(stack: Stack) -> Iterator[Engine]:
    """A migrated database that no worker of the stack looks at."""
    servers = stack.environment()
    with own_database.made(make_url(servers["ANTAR_DATABASE_URL"])) as url:
        own = {"ANTAR_DATABASE_URL": url.render_as_string(hide_password=False)}
        with this_process.set_up({**servers, **own}) as engine:
            yield engine


@dataclass(frozen=True, kw_only=True)
class House:
    """The tables, and an account whose sends lie in them."""

    database: Engine
    account_id: UUID

    def weeks_from_now(self, number: int) -> Week:
        return Week.of(datetime.now(UTC)).later(number)

    def make(self, week: Week) -> None:
        with self.database.begin() as connection:
            turns.take(connection)
            partitions.make(connection, week)

    def take_away(self, week: Week) -> None:
        """Drop a week's partitions with all they hold: what comes then is left to the default ones."""
        with self.database.begin() as connection:
            for name in self.partitions(week):
                connection.execute(text(f"DROP TABLE {name}"))

    def partitions(self, week: Week) -> set[str]:
        with self.database.connect() as connection:
            return partitions.attached(connection) & names_of(week)

    def store(self, week: Week, send: str = "sent", delivery: str = "sent", **changes: Any) -> UUID:
        """Write a send of some time in a week, with an attempt and an event."""
        send_id = rows.id_at(week.start + timedelta(minutes=1 + secrets.randbelow(10_000)))
        delivery_id = ids.delivery_of(send_id, 1)
        moment = datetime.now(UTC)
        attempt = {"claim_id": ids.new(), "number": 1, "started_at": moment, "ended_at": moment, "outcome": "sent"}
        stored = rows.Stored(
            plan=rows.plan(("email", 0, "a@b.example")),
            send_id=send_id,
            send={"state": send, **changes},
            deliveries={1: {"state": delivery, "lease_until": moment if delivery == "claimed" else None}},
            attempts=[{"delivery_id": delivery_id, **attempt}],
            events=[{"send_id": send_id, "id": ids.new(), "kind": "noted"}],
        )
        return rows.store(self.database, self.account_id, stored)

    def found(self, week: Week) -> dict[str, list[Sequence[Any]]]:
        """Give all that the tables hold of a week."""
        return {table.name: self._rows(table.name, week, "*") for table in PARTITIONED}

    def places(self, week: Week) -> set[str]:
        """Name the partitions in which rows of a week lie."""
        found = (self._rows(table.name, week, "CAST(tableoid AS regclass)") for table in PARTITIONED)
        return {str(row[0]) for rows_of_table in found for row in rows_of_table}

    def _rows(self, table: str, week: Week, what: str) -> list[Sequence[Any]]:
        key = _KEY[table]
        statement = f"SELECT {what} FROM {table} WHERE {key} >= :first AND {key} < :end ORDER BY {key}"  # noqa: S608 - constants.
        first, end = week.bounds
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), {"first": first, "end": end})]


@pytest.fixture
def house(database: Engine) -> House:
    with database.begin() as connection:
        account_id = accounts.create(connection, f"upkeep {ids.new()}").id
    return House(database=database, account_id=account_id)


@contextmanager
def before_each_statement(database: Engine, note: Callable[[Connection, str], Any]) -> Iterator[None]:
    def hook(connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature.
        note(connection, statement)

    event.listen(database, "before_cursor_execute", hook)
    try:
        yield
    finally:
        event.remove(database, "before_cursor_execute", hook)


def names_of(week: Week) -> set[str]:
    return {week.of_table(table) for table in PARTITIONED}
