"""How Postgres finds sends among many: by primary keys, in the one partition they lie in."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, Engine, TextClause, event, text

from shared import ids
from shared.db import partitions
from shared.domain.messages import Status
from shared.domain.states import SendState
from shared.management import messages, origin, promotion, search, sends
from shared.management.search import Filters
from tests.integration import by_ids

_SENDS = 50_000

_INSERTS = (
    """
    INSERT INTO sends (id, account_id, dialect, state, channels)
    SELECT CAST(lpad(to_hex(CAST(:milliseconds AS bigint) + number), 12, '0') || '70008000'
             || lpad(to_hex(number * 16), 12, '0') AS uuid), :account_id, 'kirisan', 'sent', '{email}'
      FROM generate_series(1, :sends) AS number
    """,
    """
    INSERT INTO deliveries (id, send_id, account_id, channel, tier, fallback, key_id, target, address, state)
    SELECT CAST(overlay(CAST(id AS text) PLACING '1' FROM 36) AS uuid), id,
           account_id, 'email', 0, false, id, address, address, 'sent'
      FROM (SELECT *, 'r' || row_number() OVER () || '@b.example' AS address FROM sends WHERE account_id = :account_id) AS made
    """,
    """
    INSERT INTO attempts (delivery_id, claim_id, number, started_at, ended_at, outcome)
    SELECT id, send_id, 1, now(), now(), 'sent' FROM deliveries WHERE account_id = :account_id
    """,
    "INSERT INTO events (send_id, id, kind) SELECT id, id, 'noted' FROM sends WHERE account_id = :account_id",
    "ANALYZE sends, deliveries, attempts, events",
)
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")

_Node = dict[str, Any]


@pytest.fixture(scope="module")
def crowded(database: Engine) -> Iterator[tuple[Connection, UUID]]:
    """A transaction that sees many sends of one account, none of which stays."""
    account_id = ids.new()
    milliseconds = int(datetime.now(UTC).timestamp() * 1000) - 2 * _SENDS
    parameters = {"account_id": account_id, "sends": _SENDS, "milliseconds": milliseconds}
    with database.connect() as connection:
        for statement in _INSERTS:
            connection.execute(text(statement), parameters)
        yield connection, account_id
        connection.rollback()


def _explained(connection: Connection, ask: Callable[[], Any]) -> list[_Node]:
    """Run a function of ours, then give the nodes of the plans of the statements it executed."""
    executed: list[tuple[str, Any]] = []

    def remember(_connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature.
        executed.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", remember)
    try:
        assert ask()
    finally:
        event.remove(connection.engine, "before_cursor_execute", remember)
    return [node for statement, parameters in executed for node in _nodes(_plan(connection, statement, parameters))]


def _plan(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> _Node:
    """Prepare a statement, as the driver does with one it meets often, and explain an execution."""
    names = _PLACEHOLDER.findall(statement)
    numbers = count(1)
    prepared = _PLACEHOLDER.sub(lambda _: f"${next(numbers)}", statement)
    connection.exec_driver_sql(f"PREPARE asked AS {prepared}")
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({', '.join('%s' for _ in names)})"
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with psycopg.ClientCursor(driver) as cursor:
        ((document,),) = cursor.execute(explain, [parameters[name] for name in names]).fetchall()
    connection.exec_driver_sql("DEALLOCATE asked")
    plan: _Node = document[0]["Plan"]
    return plan


def _nodes(node: _Node) -> Iterator[_Node]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _touched(nodes: Sequence[_Node], table: str) -> set[str]:
    """Name the partitions of a table that were looked at; what the bounds rule out at run time never is."""
    return {node["Relation Name"] for node in nodes if _is_of(node, table) and node["Actual Loops"] > 0}


def _rows_read(nodes: Sequence[_Node], table: str) -> int:
    """Count the rows of a table that were looked at, also those that were then passed over."""
    scans = (node for node in nodes if _is_of(node, table))
    return sum(round(scan["Actual Loops"] * (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0))) for scan in scans)


def _is_of(node: _Node, table: str) -> bool:
    return str(node.get("Relation Name", "")).startswith(f"{table}_")


def _some_send(connection: Connection, account_id: UUID) -> UUID:
    statement = text("SELECT id FROM sends WHERE account_id = :account_id ORDER BY id OFFSET 12345 LIMIT 1")
    identifier: UUID = connection.execute(statement, {"account_id": account_id}).scalar_one()
    return identifier


@pytest.mark.parametrize("with_account", [True, False])
@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
def test_a_look_up_touches_one_partition_of_each_table(crowded: tuple[Connection, UUID], *, with_account: bool, plan: str) -> None:
    connection, account_id = crowded
    send_id = _some_send(connection, account_id)
    connection.execute(text(f"SET LOCAL plan_cache_mode = {plan}"))
    nodes = _explained(connection, lambda: sends.load_history(connection, send_id, account_id if with_account else None))
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}
    assert {table: len(_touched(nodes, table)) for table in ("sends", "deliveries", "attempts", "events")} == {
        "sends": 1,
        "deliveries": 1,
        "attempts": 1,
        "events": 1,
    }
    assert sum(_rows_read(nodes, table) for table in ("sends", "deliveries", "attempts", "events")) == 4


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
def test_what_operators_see_beside_it_is_found_as_directly(crowded: tuple[Connection, UUID], plan: str) -> None:
    connection, account_id = crowded
    send_id = _some_send(connection, account_id)
    connection.execute(text(f"SET LOCAL plan_cache_mode = {plan}"))
    nodes = _explained(connection, lambda: (origin.load(connection, send_id), origin.load_standings(connection, send_id)))
    assert {table: len(_touched(nodes, table)) for table in ("sends", "deliveries")} == {"sends": 1, "deliveries": 1}
    assert {table: _rows_read(nodes, table) for table in ("sends", "deliveries")} == {"sends": 1, "deliveries": 1}


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
def test_many_are_read_by_their_keys_alone(crowded: tuple[Connection, UUID], plan: str) -> None:
    connection, account_id = crowded
    statement = text("SELECT id FROM sends WHERE account_id = :account_id ORDER BY id LIMIT 20")
    send_ids = connection.execute(statement, {"account_id": account_id}).scalars().all()
    connection.execute(text(f"SET LOCAL plan_cache_mode = {plan}"))
    nodes = _explained(connection, lambda: len(sends.load_many(connection, dict.fromkeys(send_ids, 3))) == len(send_ids))
    assert {table: _rows_read(nodes, table) for table in ("sends", "deliveries")} == {"sends": 20, "deliveries": 20}
    assert {table: len(_touched(nodes, table)) for table in ("sends", "deliveries")} == {"sends": 1, "deliveries": 1}


def test_the_newest_page_is_read_from_its_end(crowded: tuple[Connection, UUID]) -> None:
    connection, account_id = crowded
    nodes = _explained(connection, lambda: search.search(connection, account_id, Filters(), 26))
    assert 26 <= _rows_read(nodes, "sends") < 100
    assert 26 <= _rows_read(nodes, "deliveries") < 100


@pytest.mark.parametrize("state", sorted(set(SendState) - {SendState.SENT}))
def test_a_state_that_none_is_in_costs_no_look_at_all_the_others(crowded: tuple[Connection, UUID], state: SendState) -> None:
    connection, account_id = crowded
    nodes = _explained(connection, lambda: not search.search(connection, account_id, Filters(state=state), 26))
    assert _rows_read(nodes, "sends") < 1000


def test_a_recipients_sends_are_found_by_his_address(crowded: tuple[Connection, UUID]) -> None:
    connection, account_id = crowded
    nodes = _explained(connection, lambda: search.search(connection, account_id, Filters(recipient="r777@b.example"), 26))
    assert _rows_read(nodes, "deliveries") <= 2
    assert _rows_read(nodes, "sends") <= 1


def test_a_message_is_looked_up_in_one_partition(crowded: tuple[Connection, UUID]) -> None:
    connection, account_id = crowded
    send_id = _some_send(connection, account_id)
    nodes = _explained(connection, lambda: messages.load(connection, account_id, send_id) is None)
    assert "Seq Scan" not in {node["Node Type"] for node in nodes if _is_of(node, "sends") or _is_of(node, "deliveries")}
    assert _rows_read(nodes, "sends") <= 1
    assert _rows_read(nodes, "deliveries") <= 1


@pytest.mark.parametrize("to", [None, "6281200000000"])
def test_a_page_of_messages_reads_no_whole_history(crowded: tuple[Connection, UUID], to: str | None) -> None:
    connection, account_id = crowded
    wanted = messages.Filters(status=Status.READ, to=to)
    nodes = _explained(connection, lambda: messages.page(connection, account_id, wanted, 25))
    assert _rows_read(nodes, "sends") <= 2 * 6000
    assert _rows_read(nodes, "deliveries") <= 6000


def test_times_choose_the_partitions(crowded: tuple[Connection, UUID]) -> None:
    connection, account_id = crowded
    moment = partitions.week_start(datetime.now(UTC))
    filters = Filters(created_after=moment, created_before=datetime.now(UTC))
    nodes = _explained(connection, lambda: search.search(connection, account_id, filters, 26))
    (partition,) = _touched(nodes, "sends")
    year, week, _ = moment.isocalendar()
    assert partition == f"sends_{year}w{week:02}"


@pytest.mark.parametrize("statement", by_ids.STATEMENTS.values(), ids=by_ids.STATEMENTS)
def test_rows_are_found_by_their_ids_when_the_statistics_are_of_a_quiet_moment(
    crowded: tuple[Connection, UUID], statement: TextClause
) -> None:
    """Hardly any delivery is queued then; an index of all that are would be read whole by each claim of the next rush."""
    connection, account_id = crowded
    send_id = _some_send(connection, account_id)
    week = str(partitions.Week.of_id(send_id))
    indexes = {str(scan.get("Index Name")) for scan in by_ids.scans(connection, statement, send_id) if week in str(scan)}
    assert indexes - {"None"}
    assert {index for index in indexes - {"None"} if not index.endswith(f"{week}_pkey")} == set()


def _schedule(connection: Connection, account_id: UUID, number: int, ahead: str) -> None:
    """Let sends wait for a time from now, as the intake leaves them."""
    parameters = {"account_id": account_id, "number": number, "ahead": ahead}
    statement = """
        WITH chosen AS (SELECT id FROM sends WHERE account_id = :account_id AND state = 'sent' LIMIT :number),
        scheduled AS (
            UPDATE sends SET state = 'scheduled', schedule_at = now() + CAST(:ahead AS interval)
              FROM chosen WHERE sends.id = chosen.id
        )
        UPDATE deliveries SET state = 'waiting' FROM chosen
         WHERE deliveries.id = CAST(overlay(CAST(chosen.id AS text) PLACING '1' FROM 36) AS uuid)
    """
    connection.execute(text(statement), parameters)


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
def test_promotion_reads_what_is_due_and_little_else(crowded: tuple[Connection, UUID], plan: str) -> None:
    connection, account_id = crowded
    with connection.begin_nested() as step:
        _schedule(connection, account_id, 5000, "3 days")
        _schedule(connection, account_id, 50, "5 seconds")
        connection.execute(text(f"SET LOCAL plan_cache_mode = {plan}"))
        nodes = _explained(connection, lambda: promotion.promote_due(connection, 10))
        assert _rows_read(nodes, "sends") <= 100
        assert _rows_read(nodes, "deliveries") <= 20
        step.rollback()
