"""Units of a key's quota that were taken for a call and not used."""

import json
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.statements import quota


async def refund(connection: AsyncConnection, key_ids: Iterable[UUID]) -> None:
    """Give back one unit for each mention of a key."""
    rows = [{"id": str(key_id), "count": count} for key_id, count in Counter(key_ids).items()]
    if rows:
        await connection.execute(quota.refund, {"rows": json.dumps(rows)})
