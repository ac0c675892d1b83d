"""The recipients of a campaign, as they were read and as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select

from shared.db.tables import campaign_recipients as table
from shared.domain.campaigns import RecipientState


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """A row of a campaign's file."""

    position: int
    """Its number, from 1."""
    state: RecipientState
    targets: Mapping[str, str]
    """By channel, as they were written."""
    variables: Mapping[str, str]
    """Its own; of a row that is refused its cells, by their columns."""
    time_zone: str | None
    due_at: datetime | None
    """When its turn comes again, after quiet hours."""
    send_id: UUID | None
    reason: str | None
    """Why it was refused."""


_COLUMNS: Final = tuple(table.c[each.name] for each in fields(Recipient))


def page(
    connection: Connection, campaign_id: UUID, limit: int, after: int = 0, state: RecipientState | None = None
) -> list[Recipient]:
    """List a campaign's recipients in the order of its file, those with numbers above ``after``."""
    statement = select(*_COLUMNS).where(table.c.campaign_id == campaign_id, table.c.position > after)
    if state is not None:
        statement = statement.where(table.c.state == state.value)
    return [_read(row) for row in connection.execute(statement.order_by(table.c.position).limit(limit))]


def _read(row: Row[Any]) -> Recipient:
    return Recipient(**{**row._mapping, "state": RecipientState(row.state)})
