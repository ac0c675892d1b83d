"""Quotas of channel keys: units are taken before a call, and given back when it was not made or nothing was sent."""

from typing import Final

from sqlalchemy import text

_OVER: Final = "quota_period IS NOT NULL AND (quota_resets_at IS NULL OR quota_resets_at <= now())"
_PERIOD: Final = "CAST('1 ' || quota_period AS interval)"

spent: Final = f"(quota_limit <= 0 OR quota_used >= quota_limit AND NOT ({_OVER}))"
"""An expression: a key has no unit left; null for one without a quota."""

left: Final = f"CASE WHEN {_OVER} THEN quota_limit ELSE quota_limit - quota_used END"
"""An expression: how many units a key has left, none below 1; null for one without a quota."""

take: Final = text(f"""
    WITH locked AS (
        SELECT channel_keys.id, r.count, quota_limit,
               CASE WHEN {_OVER} THEN 0 ELSE quota_used END AS used,
               CASE WHEN {_OVER} THEN (date_trunc(quota_period, now() AT TIME ZONE 'UTC') + {_PERIOD}) AT TIME ZONE 'UTC'
                    ELSE quota_resets_at END AS resets_at
          FROM channel_keys JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, count bigint) ON channel_keys.id = r.id
         ORDER BY channel_keys.id FOR NO KEY UPDATE OF channel_keys
    ), granted AS (
        SELECT id, used, resets_at, greatest(least(count, coalesce(quota_limit - used, count)), 0) AS units FROM locked
    )
    UPDATE channel_keys SET quota_used = used + units, quota_resets_at = resets_at
      FROM granted WHERE channel_keys.id = granted.id
    RETURNING granted.id, granted.units
""")
"""Take units of keys, as many as are left of those asked for, the keys locked in the order of their ids. When a period is over the
next begins, with the day or month of UTC."""

refund: Final = text(f"""
    WITH r AS (
        SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, taken_after timestamptz)
    ), locked AS (
        SELECT id, (quota_resets_at AT TIME ZONE 'UTC' - {_PERIOD}) AT TIME ZONE 'UTC' AS began_at
          FROM channel_keys WHERE id IN (SELECT id FROM r) AND quota_limit IS NOT NULL ORDER BY id FOR NO KEY UPDATE
    ), returned AS (
        SELECT locked.id, count(*) AS units FROM locked JOIN r ON r.id = locked.id
         WHERE began_at IS NULL OR taken_after >= began_at GROUP BY locked.id
    )
    UPDATE channel_keys SET quota_used = greatest(quota_used - units, 0) FROM returned WHERE channel_keys.id = returned.id
""")
"""Give units back, one for each row, the keys locked in the order of their ids. What was taken before a period began is not
counted in it."""
