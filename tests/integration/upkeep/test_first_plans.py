"""A week's partitions are empty when the first statements of a connection are planned, and those plans serve it as the week fills.

To a planner all indexes of an empty table cost the same. What names its rows by their ids must go by the primary key even then: by
another index, or by none, each statement would read all that has come since.
"""

import pytest
from sqlalchemy import TextClause

from shared.db.statements import receipts
from tests.integration import by_ids
from tests.integration.upkeep.conftest import House


@pytest.mark.parametrize("statement", by_ids.STATEMENTS.values(), ids=by_ids.STATEMENTS)
def test_rows_are_found_by_their_ids_in_a_week_that_is_empty(house: House, statement: TextClause) -> None:
    week = house.weeks_from_now(5)
    with house.database.connect() as connection:
        scans = by_ids.scans(connection, statement, week.bounds[0])
    indexes = {scan.get("Index Name", scan["Node Type"]) for scan in scans if str(week) in str(scan)}
    assert indexes
    assert {index for index in indexes if not index.endswith(f"{week}_pkey")} <= {"Bitmap Heap Scan"}


def test_no_table_is_read_whole_that_has_an_index(house: House) -> None:
    with house.database.connect() as connection:
        scans = by_ids.scans(connection, receipts.select_by_message, house.weeks_from_now(5).bounds[0])
    assert "Seq Scan" not in {scan["Node Type"] for scan in scans}
