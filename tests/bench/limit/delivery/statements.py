"""What a batch costs of Postgres: a claim, and a result. Each is a transaction of its own."""

from typing import Final

CLAIM: Final = """
    UPDATE deliveries
       SET state = 'claimed', claim_id = %(claim_id)s, claimed_at = now(), lease_until = now() + interval '90 seconds'
     WHERE id = ANY(%(ids)s::uuid[]) AND id BETWEEN %(first)s::uuid AND %(last)s::uuid AND state = 'queued'
    RETURNING id, send_id, claim_id, channel, address, content
"""
"""Claim deliveries that are queued, and give what a call needs."""

RECORD: Final = """
    WITH r AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(rows)s::json) AS r(
               id uuid, send_id uuid, claim_id uuid, next uuid, state text, outcome text, code text, status integer,
               provider_message_id text, seconds double precision)
    ), attempted AS (
        INSERT INTO attempts (delivery_id, claim_id, number, started_at, ended_at, outcome, code, provider_status)
        SELECT id, claim_id, 1, now() - make_interval(secs => seconds), now(), outcome, code, status FROM r
    ), ended AS (
        UPDATE deliveries
           SET state = r.state, code = r.code, provider_message_id = r.provider_message_id, attempts = 1,
               processing_ms = r.seconds * 1000, ended_at = now(), claim_id = NULL, lease_until = NULL
          FROM r
         WHERE deliveries.id = ANY(%(ids)s::uuid[]) AND deliveries.id BETWEEN %(first)s::uuid AND %(last)s::uuid
           AND deliveries.id = r.id AND deliveries.state = 'claimed' AND deliveries.claim_id = r.claim_id
    ), opened AS (
        UPDATE deliveries
           SET state = 'claimed', claim_id = r.claim_id, queued_at = now(), published_at = now(), claimed_at = now(),
               lease_until = now() + interval '90 seconds'
          FROM r
         WHERE deliveries.id = ANY(%(next_ids)s::uuid[]) AND deliveries.id BETWEEN %(first)s::uuid AND %(next_last)s::uuid
           AND deliveries.id = r.next AND deliveries.state = 'waiting'
        RETURNING deliveries.id, deliveries.send_id, deliveries.claim_id, channel, address, content
    ), moved AS (
        UPDATE sends
           SET state = CASE WHEN r.state = 'sent' THEN 'sent' WHEN opened.id IS NULL THEN 'failed' ELSE sends.state END,
               tier = sends.tier + CASE WHEN opened.id IS NULL THEN 0 ELSE 1 END,
               ended_at = CASE WHEN opened.id IS NULL THEN now() END
          FROM r LEFT JOIN opened ON opened.id = r.next
         WHERE sends.id = ANY(%(send_ids)s::uuid[]) AND sends.id BETWEEN %(first_send)s::uuid AND %(last)s::uuid
           AND sends.id = r.send_id
    )
    SELECT * FROM opened
"""
"""Write the results of calls: their attempts, their deliveries, the next tiers of those that were refused, and their sends. Gives
what has been opened, claimed under the claim before it."""
