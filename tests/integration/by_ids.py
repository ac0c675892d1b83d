"""Statements that name the rows of partitioned tables by their ids, and how Postgres plans to find these."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import Connection, TextClause

from shared.db.statements import campaigns, claims, confirmation, receipts, recovery, schedule, settlement, statistics

STATEMENTS: Final = {
    "claim": claims.claim,
    "give back": claims.give_back,
    "select those not due": claims.select_not_due,
    "record outcomes": settlement.record_outcomes,
    "resolve": settlement.resolve,
    "lock sends": settlement.lock_sends,
    "advance sends": settlement.advance_sends,
    "select members": settlement.select_members,
    "open tiers": settlement.open_tiers,
    "skip deliveries": settlement.skip_deliveries,
    "lock deliveries": receipts.lock_deliveries,
    "record receipts": receipts.record,
    "select reported": receipts.select_reported,
    "select open": recovery.select_open,
    "open first tiers": schedule.open_first_tiers,
    "close the first tier": schedule.close_first_tier,
    "cancel deliveries": schedule.cancel_deliveries,
    "lock awaited": confirmation.lock_awaited,
    "stop awaiting": confirmation.stop,
    "park": campaigns.park,
    "unpark": campaigns.unpark,
    "count the claimed": campaigns.count_claimed,
    "recount": statistics.recount,
}

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
_NUMBERS: Final = count()


def scans(connection: Connection, statement: TextClause, identifier: UUID) -> list[dict[str, Any]]:
    """Plan a statement as a connection does that meets it often, and give the scans for one row."""
    text, names = _prepared(connection, statement)
    name = f"by_ids_{next(_NUMBERS)}"
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with psycopg.ClientCursor(driver) as cursor:
        cursor.execute(f"PREPARE {name} AS {text}".encode())
        asked = f"EXPLAIN (FORMAT JSON) EXECUTE {name} ({', '.join('%s' for _ in names)})"
        ((document,),) = cursor.execute(asked.encode(), [_value(each, identifier) for each in names]).fetchall()
    return list(_scans(document[0]["Plan"]))


def _prepared(connection: Connection, statement: TextClause) -> tuple[str, list[str]]:
    """Write a statement with numbered parameters, and name those."""
    compiled = str(statement.compile(dialect=connection.dialect))
    names = list(dict.fromkeys(_PLACEHOLDER.findall(compiled)))
    return _PLACEHOLDER.sub(lambda found: f"${names.index(found[1]) + 1}", compiled).replace("%%", "%"), names


def _value(name: str, identifier: UUID) -> Any:
    if name in {"ids", "send_ids"}:
        return [identifier]
    if name in {"first", "last", "first_send", "claim_id", "account_id"}:
        return identifier
    return {"rows": "[]", "message_ids": ["wamid.x"], "dedupes": ["wamid.x:sent"]}.get(name, "1")


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "Relation Name" in node and node["Node Type"] != "ModifyTable":
        yield node
    if node["Node Type"] == "Bitmap Index Scan":
        yield node
    for inner in node.get("Plans", ()):
        yield from _scans(inner)
