"""Finding work that a crash left lying."""

from typing import Final

from sqlalchemy import text

from shared.db.statements.campaigns import IS_HALTED

look: Final = text("""
    SELECT EXISTS (SELECT FROM deliveries WHERE state = 'claimed' AND lease_until <= now()) AS expired,
           EXISTS (SELECT FROM deliveries
                    WHERE state = 'queued' AND queued_at <= now() - make_interval(secs => :after_seconds)) AS lost,
           EXISTS (SELECT FROM sends WHERE state = 'running') AS running,
           EXISTS (SELECT FROM deliveries WHERE resolve_at <= now()) AS unresolved,
           EXISTS (SELECT FROM deliveries WHERE confirm_by <= now()) AS unconfirmed,
           EXISTS (SELECT FROM inbox WHERE published_at <= now() - make_interval(secs => :after_seconds)) AS unhandled,
           EXISTS (SELECT FROM webhook_subscriptions CROSS JOIN LATERAL (
                       SELECT FROM webhook_deliveries
                        WHERE subscription_id = webhook_subscriptions.id AND next_attempt_at <= now()
                          AND published_at <= now() - make_interval(secs => :after_seconds) LIMIT 1) AS due
                    WHERE status = 'active') AS unposted,
           EXISTS (SELECT FROM webhook_subscriptions
                    WHERE status = 'active'
                      AND (status_reason IS NOT NULL
                           OR EXISTS (SELECT FROM webhook_deliveries
                                       WHERE subscription_id = webhook_subscriptions.id AND next_attempt_at IS NOT NULL
                                      OFFSET :most_unposted - 1))) AS crowded,
           EXISTS (SELECT FROM delivery_changes) OR EXISTS (SELECT FROM send_changes) AS counted
""")
"""Whether there may be anything to recover, in one statement: an idle system asks nothing else."""

republish: Final = text(f"""
    WITH lost AS (
        SELECT id FROM deliveries
         WHERE state = 'queued' AND queued_at <= now() - make_interval(secs => :after_seconds)
           AND published_at <= now() - make_interval(
               secs => CASE WHEN queue = ANY(:short) THEN :after_seconds ELSE :at_last_seconds END)
           AND queue <> ALL(:full)
           AND (not_before IS NULL OR not_before <= now() - make_interval(secs => :after_seconds))
         ORDER BY queued_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE deliveries SET published_at = now(), state = CASE WHEN {IS_HALTED} THEN 'waiting' ELSE 'queued' END
      FROM lost WHERE deliveries.id = lost.id
    RETURNING deliveries.id, deliveries.queue
""")
"""Queued deliveries whose task nobody took in time, marked as published again. In a queue that is not ``short`` the task may still
wait for its turn, so that it is missed only after ``at_last_seconds``, and in one that is ``full`` not at all: a backlog must not
grow by being looked at. One that was queued in the moment in which its campaign was halted is parked."""

select_running: Final = text("""
    SELECT id, cardinality(channels) AS deliveries FROM sends
     WHERE state = 'running' AND id > :after AND created_at <= now() - make_interval(secs => :age_seconds)
       AND (campaign_id IS NULL
            OR NOT EXISTS (SELECT FROM campaigns WHERE id = sends.campaign_id AND state IN ('paused', 'cancelled') OFFSET 0))
     ORDER BY id LIMIT :limit
""")
"""Sends that have run for a while, in the order of their ids, from one on. Those of a campaign that is halted wait for a person, or
for the end of the calls that are under way."""

select_open: Final = text("""
    SELECT DISTINCT send_id FROM deliveries
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last
       AND (state IN ('queued', 'claimed') OR held OR confirm_by IS NOT NULL)
""")
"""The sends, among those of some deliveries, that wait for a worker, a person or a receipt."""
