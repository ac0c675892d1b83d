"""What the database tells of a send, in the words of its rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from shared import ids
from shared.db.tables import events, sends
from tests.integration.worker.conftest import Desk


def send_state(desk: Desk, delivery_id: UUID) -> str:
    with desk.database.connect() as connection:
        return str(connection.execute(select(sends.c.state).where(sends.c.id == ids.send_of(delivery_id))).scalar_one())


def noted(desk: Desk, delivery_id: UUID) -> list[tuple[str, Any]]:
    """Give the events of a delivery: kind and reason."""
    with desk.database.connect() as connection:
        statement = select(events.c.kind, events.c.data["reason"].astext).where(events.c.delivery_id == delivery_id)
        return [tuple(row) for row in connection.execute(statement.order_by(events.c.id))]
