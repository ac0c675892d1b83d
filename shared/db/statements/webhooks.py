"""The outbox of webhooks to customers, and their way out of it.

Who locks both locks the subscriptions first, each kind in the order of ids. A webhook with ``next_attempt_at`` is to be posted
from then on; a worker that posts it moves that ahead, so that it is posted again should the worker be lost.
"""

from typing import Final

from sqlalchemy import text

select_active: Final = text("""
    SELECT id, account_id, events FROM webhook_subscriptions
     WHERE account_id = ANY(:account_ids) AND status = 'active' AND status_reason IS NULL ORDER BY id
""")
"""The subscriptions of some accounts that want to hear of anything at all. One that is active for a reason is crowded."""

mark_crowded: Final = text("""
    WITH counted AS (
        SELECT id, status_reason IS NOT NULL AS crowded,
               (SELECT count(*) FROM (SELECT FROM webhook_deliveries
                                       WHERE subscription_id = webhook_subscriptions.id AND next_attempt_at IS NOT NULL
                                       LIMIT :most) AS first) AS waiting
          FROM webhook_subscriptions WHERE status = 'active'
    ), changed AS (
        SELECT id FROM webhook_subscriptions
         WHERE status = 'active'
           AND id IN (SELECT id FROM counted WHERE CASE WHEN crowded THEN waiting <= :enough ELSE waiting >= :most END)
         ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE webhook_subscriptions SET status_reason = CASE WHEN status_reason IS NULL THEN :reason END, updated_at = now()
      FROM changed WHERE webhook_subscriptions.id = changed.id
    RETURNING webhook_subscriptions.id, status_reason IS NOT NULL AS crowded
""")
"""Mark the active subscriptions for which ``most`` webhooks wait; take the mark from those for which no more than ``enough`` do."""

insert_webhooks: Final = text("""
    INSERT INTO webhook_deliveries (id, account_id, subscription_id, event_id, event_type, source, dedupe, body, next_attempt_at)
    SELECT r.*, now() FROM json_to_recordset(CAST(:rows AS json)) AS r(
           id uuid, account_id uuid, subscription_id uuid, event_id text, event_type text, source text, dedupe text, body json)
    ON CONFLICT (subscription_id, dedupe) DO NOTHING
    RETURNING id
""")
"""Write webhooks that can be posted at once; one that was written before is left as it is."""

claim: Final = text("""
    WITH due AS (
        SELECT webhook_deliveries.id FROM webhook_deliveries
          JOIN webhook_subscriptions ON webhook_subscriptions.id = webhook_deliveries.subscription_id
         WHERE webhook_deliveries.id = ANY(:ids) AND webhook_subscriptions.status = 'active'
           AND next_attempt_at <= now() + make_interval(secs => :early_seconds)
         ORDER BY webhook_deliveries.id FOR NO KEY UPDATE OF webhook_deliveries SKIP LOCKED
    )
    UPDATE webhook_deliveries
       SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => :lease_seconds)
      FROM due, webhook_subscriptions
     WHERE webhook_deliveries.id = due.id AND webhook_subscriptions.id = webhook_deliveries.subscription_id
    RETURNING webhook_deliveries.id, subscription_id, event_id, event_type, source, attempts, next_attempt_at AS lease,
              CAST(body AS text) AS body, url, secrets, consecutive_failures, now() AS now
""")
"""Take webhooks that are due, or will be in a moment, for an attempt each, which is counted at once. What another worker has, or a
disabled subscription, is not given."""

give_back: Final = text("""
    WITH locked AS (SELECT id FROM webhook_deliveries WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE)
    UPDATE webhook_deliveries SET attempts = attempts - 1, next_attempt_at = now() + make_interval(secs => :seconds)
      FROM locked JOIN unnest(CAST(:ids AS uuid[]), CAST(:leases AS timestamptz[])) AS claimed(id, lease) ON claimed.id = locked.id
     WHERE webhook_deliveries.id = locked.id AND next_attempt_at = claimed.lease
""")
"""Put back claimed webhooks for which no attempt was made, those whose lease still stands."""

count_heard: Final = text("""
    WITH heard AS (
        SELECT webhook_subscriptions.id, CASE WHEN r.delivered THEN 0 ELSE consecutive_failures + r.dead END AS failures
          FROM webhook_subscriptions JOIN json_to_recordset(CAST(:rows AS json)) AS r(id uuid, delivered boolean, dead integer)
               ON r.id = webhook_subscriptions.id
         ORDER BY webhook_subscriptions.id FOR NO KEY UPDATE OF webhook_subscriptions
    )
    UPDATE webhook_subscriptions
       SET consecutive_failures = heard.failures,
           updated_at = CASE WHEN heard.failures >= :most AND status = 'active' THEN now() ELSE updated_at END,
           status_reason = CASE WHEN heard.failures >= :most AND status = 'active' THEN :reason ELSE status_reason END,
           status = CASE WHEN heard.failures >= :most THEN 'disabled' ELSE status END
      FROM heard WHERE webhook_subscriptions.id = heard.id
    RETURNING webhook_subscriptions.id, heard.failures >= :most AS disabled
""")
"""Note what subscriptions have heard, and how many webhooks they have not. One that hears too little is disabled."""

record: Final = text("""
    WITH locked AS (
        SELECT webhook_deliveries.id FROM webhook_deliveries WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE webhook_deliveries
       SET state = r.state, response_status = r.response_status, error = r.error, attempts = least(attempts, :most),
           next_attempt_at = now() + make_interval(secs => r.delay),
           published_at = CASE WHEN r.published THEN now() + make_interval(secs => r.delay) ELSE published_at END,
           ended_at = CASE WHEN r.delay IS NULL THEN now() END
      FROM locked JOIN json_to_recordset(CAST(:rows AS json)) AS r(
           id uuid, lease timestamptz, state text, response_status integer, error text, delay double precision, published boolean)
           ON r.id = locked.id
     WHERE webhook_deliveries.id = locked.id AND next_attempt_at = r.lease
""")
"""Write what came of attempts; one without ``delay`` was the last. What was replayed or claimed again meanwhile has another
lease, and is left as it is."""

republish: Final = text("""
    WITH due AS (
        SELECT of_one.id
          FROM (SELECT id FROM webhook_subscriptions WHERE status = 'active' ORDER BY random()) AS active CROSS JOIN LATERAL (
            SELECT id FROM webhook_deliveries
             WHERE subscription_id = active.id AND next_attempt_at <= now()
               AND published_at <= now() - make_interval(secs => :after_seconds)
             ORDER BY next_attempt_at LIMIT :each FOR NO KEY UPDATE SKIP LOCKED) AS of_one
         LIMIT :limit
    )
    UPDATE webhook_deliveries SET published_at = now() FROM due WHERE webhook_deliveries.id = due.id
    RETURNING webhook_deliveries.id
""")
"""Webhooks that are due and were not published lately, marked as published: of each subscription the first few, and of
the subscriptions others first each time, so that no backlogs keep another one from its turn."""

expire: Final = text("""
    DELETE FROM webhook_deliveries WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM webhook_deliveries WHERE created_at <= now() - make_interval(secs => :age_seconds)
         ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED))
""")
"""Delete webhooks that are kept no longer."""

forget_deleted: Final = text("""
    DELETE FROM webhook_deliveries WHERE ctid = ANY(ARRAY(
        SELECT webhook_deliveries.ctid FROM webhook_subscriptions
          JOIN webhook_deliveries ON webhook_deliveries.subscription_id = webhook_subscriptions.id
         WHERE deleted_at IS NOT NULL LIMIT :limit FOR UPDATE OF webhook_deliveries SKIP LOCKED))
""")
"""Delete the webhooks of deleted subscriptions."""

forget_subscriptions: Final = text("""
    DELETE FROM webhook_subscriptions
     WHERE deleted_at <= now() - make_interval(secs => :age_seconds)
       AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE subscription_id = webhook_subscriptions.id)
""")
"""Delete deleted subscriptions that have no webhooks left, once no transaction can still be writing any."""
