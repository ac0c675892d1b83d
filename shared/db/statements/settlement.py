"""Recording outcomes and moving the cascade, in one transaction."""

from typing import Final

from sqlalchemy import text

lock_sends: Final = text("""
    SELECT id, state, waiter, cardinality(channels) AS deliveries
      FROM sends WHERE id = ANY(:ids) AND id BETWEEN :first AND :last ORDER BY id FOR NO KEY UPDATE
""")
"""Lock the sends of a flush, always in the order of their ids, so that two flushes never wait for each other in a circle."""

record_outcomes: Final = text("""
    UPDATE deliveries
       SET state = r.state, held = r.held, code = r.code, reason = r.reason, detail = r.detail,
           provider_message_id = r.provider_message_id, attempts = r.attempts, processing_ms = r.processing_ms,
           not_before = CASE WHEN r.delay IS NULL THEN deliveries.not_before ELSE now() + make_interval(secs => r.delay) END,
           published_at = CASE WHEN r.delay IS NULL THEN deliveries.published_at ELSE now() END,
           ended_at = CASE WHEN r.delay IS NULL THEN now() END,
           claim_id = NULL, lease_until = NULL
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
           id uuid, claim_id uuid, state text, held boolean, code text, reason text, detail jsonb,
           provider_message_id text, attempts smallint, processing_ms integer, delay double precision)
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.id = r.id
       AND deliveries.state = 'claimed' AND deliveries.claim_id = r.claim_id
    RETURNING deliveries.id
""")
"""Write outcomes, each only while its claim still stands. ``delay`` in seconds puts a delivery back into the queue."""

insert_attempts: Final = text("""
    INSERT INTO attempts (delivery_id, claim_id, number, started_at, ended_at, outcome, code,
                          provider_status, provider_code, request, worker)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
           delivery_id uuid, claim_id uuid, number smallint, started_at timestamptz, ended_at timestamptz, outcome text, code text,
           provider_status integer, provider_code text, request text, worker text)
    ON CONFLICT DO NOTHING
""")
"""Append what was called, also where the claim was lost meanwhile; a repeat of the same record changes nothing."""

select_members: Final = text("""
    SELECT id, send_id, tier, state, held, code, queue FROM deliveries WHERE id = ANY(:ids) AND id BETWEEN :first AND :last
""")
"""The deliveries of the sends at hand, as the cascade sees them."""

open_tiers: Final = text("""
    UPDATE deliveries SET state = 'queued', queued_at = now(), published_at = now()
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'waiting'
""")
"""Let the deliveries of the next tiers be claimed."""

skip_deliveries: Final = text("""
    UPDATE deliveries SET state = 'skipped', ended_at = now()
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'waiting'
""")
"""End the deliveries whose turn never came."""

advance_sends: Final = text("""
    UPDATE sends
       SET state = r.state, tier = coalesce(r.tier, sends.tier),
           ended_at = CASE WHEN r.state = 'running' THEN NULL ELSE now() END
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, state text, tier smallint)
     WHERE sends.id = ANY(:ids) AND sends.id BETWEEN :first AND :last AND sends.id = r.id
""")
"""Write the step that the cascade decided for each send."""

count_quota: Final = text("""
    WITH locked AS (
        SELECT channel_keys.id, r.sent
          FROM channel_keys JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, sent bigint) ON channel_keys.id = r.id
         ORDER BY channel_keys.id FOR NO KEY UPDATE OF channel_keys
    )
    UPDATE channel_keys SET quota_used = quota_used + locked.sent FROM locked WHERE channel_keys.id = locked.id
""")
"""Count what was sent against the quota of the keys that have one, locked in the order of their ids as sends are."""
