"""Looking up at their providers what became of unknown deliveries."""

from typing import Final

from sqlalchemy import text

take_due: Final = text("""
    WITH due AS (
        SELECT id FROM deliveries WHERE resolve_at <= now() AND state <> 'claimed'
         ORDER BY resolve_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE deliveries
           SET resolve_at = (SELECT min(moment)
                               FROM unnest(CAST(:ages AS double precision[])) AS age,
                                    LATERAL (SELECT coalesce(ended_at, claimed_at) + make_interval(secs => age) AS moment) AS later
                              WHERE moment > now())
         WHERE id IN (SELECT id FROM due)
        RETURNING id, channel, address, key_id
    )
    SELECT taken.*, channel_keys.credentials FROM taken JOIN channel_keys ON channel_keys.id = taken.key_id
""")
"""Take deliveries that are to be looked up, each to be taken again when it has the next of some ages, in seconds since its call
ended; never again after the last. One that is being called has its outcome first."""

give_up: Final = text("UPDATE deliveries SET resolve_at = NULL WHERE id = ANY(:ids) AND id BETWEEN :first AND :last")
"""Look up some deliveries no more."""
