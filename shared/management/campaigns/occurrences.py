"""Campaigns whose time has come: one that occurs once starts, and one that recurs makes a campaign for each occurrence.

An occurrence is a campaign of its own, with the recipients of its parent as they stand. It is filled before it starts, so many rows
at a time that a step is short, and stays ``scheduled`` as long. Of the times that passed while nobody looked, only the last occurs:
a system that was down for a day does not send a day's occurrences at once.

Whoever acts on a campaign has locked it, and what another process has locked is passed over: each occurrence is made once.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row

from shared import ids
from shared.db.statements import occurrences as statements
from shared.domain.recurrence import Recurrence

_AT_ONCE: Final = 100
"""Campaigns that one step starts, and makes occurrences of, at the most."""
_ROWS_AT_ONCE: Final = 20_000
"""Rows that one step copies at the most: half a second's work."""


def make_due(connection: Connection) -> int:
    """Take a short step: start what is due, make what occurs, fill an occurrence. Give how much was done; 0 when nothing is left.

    One process's step does not wait for another's. The caller commits each.
    """
    due = connection.execute(statements.select_due, {"limit": _AT_ONCE}).all()
    for row in due:
        _act(connection, row)
    return len(due) + _fill(connection)


def _act(connection: Connection, row: Row[Any]) -> None:
    if row.recurrence is None:
        connection.execute(statements.start, {"id": row.id})
        return
    recurrence = Recurrence.read(row.recurrence)
    _occur(connection, row.id, max(row.schedule_at, recurrence.latest(row.now, row.time_zone) or row.schedule_at))
    upcoming = recurrence.after(row.now, row.time_zone)
    if upcoming:
        connection.execute(statements.move, {"id": row.id, "next_at": upcoming[0]})
    else:
        connection.execute(statements.complete, {"id": row.id})


def _occur(connection: Connection, campaign_id: UUID, moment: datetime) -> None:
    connection.execute(statements.insert_occurrence, {"id": campaign_id, "child_id": ids.new(), "occurs_at": moment})


def _fill(connection: Connection) -> int:
    """Copy the next rows of an occurrence, and start it when it has all."""
    child = connection.execute(statements.select_unfilled).one_or_none()
    if child is None:
        return 0
    parameters = {"id": child.id, "parent_id": child.parent_id, "last": child.last, "limit": _ROWS_AT_ONCE}
    copied: int = connection.execute(statements.copy_recipients, parameters).scalar_one()
    if copied < _ROWS_AT_ONCE:
        connection.execute(statements.start, {"id": child.id})
    return 1


def is_copied(connection: Connection, campaign_id: UUID) -> bool:
    """Tell whether an occurrence still takes its recipients from a locked campaign, which must keep them as long."""
    copied: bool = connection.execute(statements.is_copied, {"id": campaign_id}).scalar_one()
    return copied
