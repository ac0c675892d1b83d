"""Quotas of channel keys: units are taken before a call, and given back when it was not made or nothing was sent."""

from typing import Final

from sqlalchemy import text

refund: Final = text("""
    WITH locked AS (
        SELECT channel_keys.id, r.count
          FROM channel_keys JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, count bigint) ON channel_keys.id = r.id
         ORDER BY channel_keys.id FOR NO KEY UPDATE OF channel_keys
    )
    UPDATE channel_keys SET quota_used = greatest(quota_used - locked.count, 0) FROM locked WHERE channel_keys.id = locked.id
""")
"""Give units back, the keys locked in the order of their ids."""
