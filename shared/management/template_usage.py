"""What is going to send a template: campaigns that have not ended, and sends that wait for their time."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from shared import ids
from shared.db.statements import among

_BATCH: Final = 1000
"""Scheduled sends looked at with one statement."""

_IN_CAMPAIGN: Final = text("""
    SELECT EXISTS (
        SELECT FROM campaigns, jsonb_array_elements(plan -> 'channels') AS channel
         WHERE account_id = :account_id AND state NOT IN ('completed', 'cancelled', 'failed')
           AND channel ->> 'template_id' = CAST(CAST(:template_id AS bigint) AS text))
""")
_SCHEDULED: Final = text("""
    SELECT id, cardinality(channels) AS deliveries FROM sends
     WHERE account_id = :account_id AND state = 'scheduled' AND id > :after ORDER BY id LIMIT :limit
""")
_AMONG: Final = text("""
    SELECT EXISTS (SELECT FROM deliveries WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND template_id = :template_id)
""")


def user(connection: Connection, account_id: UUID, template_id: int) -> str | None:
    """Name what is going to send a template, if anything is."""
    if connection.execute(_IN_CAMPAIGN, {"account_id": account_id, "template_id": template_id}).scalar_one():
        return "a campaign"
    found = (connection.execute(_AMONG, {**among(each), "template_id": template_id}) for each in _scheduled(connection, account_id))
    return "a scheduled send" if any(each.scalar_one() for each in found) else None


def _scheduled(connection: Connection, account_id: UUID) -> Iterator[Sequence[UUID]]:
    """Give the ids of the deliveries of the account's scheduled sends, batch by batch."""
    after = UUID(int=0)
    while rows := connection.execute(_SCHEDULED, {"account_id": account_id, "after": after, "limit": _BATCH}).all():
        yield [each for row in rows for each in ids.deliveries_of(row.id, row.deliveries)]
        after = rows[-1].id
