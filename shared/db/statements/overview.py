"""What ``antar top`` looks at every few seconds, beside what waits.

Each statement is bounded by how many accounts, keys and campaigns there are, never by how many messages.
"""

from typing import Final

from sqlalchemy import text

_HOURS: Final = "date_trunc('hour', now(), 'UTC') - interval '1 hour'"
"""The hour before this one, from which on is counted."""

_OF_ACCOUNT: Final = "(CAST(:account_id AS uuid) IS NULL OR {column} = :account_id)"

select_time: Final = text(f"SELECT now() AS at, {_HOURS} AS since")
"""The moment of this look, and the hour from which on it counts."""

select_ended: Final = text(f"""
    WITH counted AS MATERIALIZED (
        SELECT counts.* FROM accounts CROSS JOIN LATERAL (
            SELECT hour, channel, key_id, state, code, number FROM delivery_counts
             WHERE account_id = accounts.id AND hour >= {_HOURS}) AS counts
         WHERE {_OF_ACCOUNT.format(column="accounts.id")}
         UNION ALL
        SELECT hour, channel, key_id, state, code, number FROM delivery_changes
         WHERE hour >= {_HOURS} AND {_OF_ACCOUNT.format(column="account_id")}
    ), by_key AS (
        SELECT hour, channel, key_id, state, sum(number)::bigint AS number FROM counted
         GROUP BY hour, channel, key_id, state ORDER BY number DESC LIMIT :limit
    )
    SELECT hour, channel, NULL AS key, NULL AS account, NULL AS name, state, code, sum(number)::bigint AS number
      FROM counted GROUP BY hour, channel, state, code HAVING sum(number) <> 0
     UNION ALL
    SELECT hour, by_key.channel, by_key.key_id, accounts.name, channel_keys.name, state, NULL, number
      FROM by_key JOIN channel_keys ON channel_keys.id = by_key.key_id JOIN accounts ON accounts.id = channel_keys.account_id
""")
"""How many deliveries ended in this hour and the one before it: first by channel, state and code, then by key and state, the latter
for the ``limit`` busiest. Counts are read account by account, as their key has them; changes are few, as they are soon added up."""

select_suspended: Final = text(f"""
    SELECT channel_keys.id, accounts.name AS account, channel, channel_keys.name, status_code AS code, status_reason AS reason,
           status_at AS since
      FROM channel_keys JOIN accounts ON accounts.id = channel_keys.account_id
     WHERE channel_keys.status = 'suspended' AND {_OF_ACCOUNT.format(column="accounts.id")}
     ORDER BY status_at DESC NULLS LAST LIMIT :limit
""")
"""The channel keys that are suspended, the latest first."""

select_campaigns: Final = text(f"""
    SELECT campaigns.id, accounts.name AS account, campaigns.name, state
      FROM campaigns JOIN accounts ON accounts.id = campaigns.account_id
     WHERE state IN ('running', 'paused', 'importing', 'scheduled') AND {_OF_ACCOUNT.format(column="accounts.id")}
     ORDER BY array_position(ARRAY['running', 'paused', 'importing', 'scheduled'], state), campaigns.id DESC LIMIT :limit
""")
"""The campaigns that are under way, those that run first, the latest first."""
