"""The rows of a campaign, some at a time: however many there are, each statement is answered in time."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Connection

from shared.db.statements import recipients


def ranges(connection: Connection, campaign_id: UUID, size: int) -> Iterator[dict[str, int]]:
    """Give the ``first`` and ``last`` positions of parts of a campaign's rows that follow one another."""
    last = connection.execute(recipients.select_last, {"campaign_id": campaign_id}).scalar_one()
    for first in range(1, last + 1, size):
        yield {"first": first, "last": first + size - 1}
