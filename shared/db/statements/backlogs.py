"""What waits, for whoever watches: every statement goes by an index, and counts no further than ``limit``."""

from typing import Final

from sqlalchemy import text

select_due: Final = text("""
    SELECT queue, count(*) AS due,
           CAST(extract(epoch FROM now() - min(greatest(queued_at, not_before))) AS double precision) AS oldest
      FROM (SELECT queue, queued_at, not_before FROM deliveries
             WHERE state = 'queued' AND queued_at <= now()
             ORDER BY queued_at LIMIT :limit) AS first
     WHERE not_before IS NULL OR not_before <= now()
     GROUP BY queue
""")
"""How many deliveries of each queue are due and not claimed, and for how many seconds the oldest has been: among the ``limit`` that
were queued first."""

count_held: Final = text("SELECT count(*) FROM (SELECT FROM deliveries WHERE held LIMIT :limit) AS held")
"""How many deliveries wait for a person."""

count_quarantined: Final = text("""
    SELECT count(*) FROM (SELECT FROM (SELECT replayed_at FROM quarantine ORDER BY at DESC LIMIT :limit) AS latest
                           WHERE replayed_at IS NULL) AS left_over
""")
"""How many deliveries our own code failed at were not replayed, among the latest ``limit``."""

select_webhooks: Final = text("""
    SELECT count(*) AS waiting, CAST(extract(epoch FROM now() - min(next_attempt_at)) AS double precision) AS oldest
      FROM (SELECT due.next_attempt_at FROM webhook_subscriptions CROSS JOIN LATERAL (
                SELECT next_attempt_at FROM webhook_deliveries
                 WHERE subscription_id = webhook_subscriptions.id AND next_attempt_at <= now()
                 ORDER BY next_attempt_at LIMIT :limit) AS due
             WHERE status = 'active' LIMIT :limit) AS due
""")
"""How many webhooks to customers are due and not being posted, and for how many seconds the oldest has been; null where none is."""

count_keys: Final = text("""
    SELECT channel, status, coalesce(status_code, '') AS code, count(*) AS number
      FROM channel_keys GROUP BY channel, status, status_code
""")
"""How many channel keys send, and how many do not, and why."""

count_campaigns: Final = text("SELECT state, count(*) AS number FROM campaigns GROUP BY state")
"""How many campaigns are in each state."""
