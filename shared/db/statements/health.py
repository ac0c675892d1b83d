"""What an operator wants to know of the database."""

from typing import Final

from sqlalchemy import text

select_reads_only: Final = text("SELECT current_setting('transaction_read_only') = 'on'")
"""Whether the server takes no writes: it is a standby, recovers, or was told to."""

select_oldest_due: Final = text("""
    SELECT extract(epoch FROM now() - min(greatest(queued_at, not_before))) AS seconds
      FROM (SELECT queued_at, not_before FROM deliveries
             WHERE state = 'queued' AND queued_at <= now()
             ORDER BY queued_at LIMIT 1000) AS oldest
     WHERE not_before IS NULL OR not_before <= now()
""")
"""For how many seconds the oldest delivery has been due and not claimed; null when there is none. Whatever the size of the backlog,
only the thousand queued first are looked at: those of them that are put off are so within the short time of their retries."""

count_due: Final = text("""
    SELECT count(*) FROM (SELECT FROM deliveries WHERE state = 'queued' AND queued_at <= now() LIMIT :limit) AS due
""")
"""How many deliveries wait for a worker, counted no further than ``limit``. Those that are put off to keep a rate are queued from
their own time on and do not count; those that wait a moment for a retry do, which saves looking at anything but the index."""

count_inbox: Final = text("SELECT count(*) FROM (SELECT FROM inbox LIMIT :limit) AS unhandled")
"""How many webhooks of providers wait to be handled, counted no further than ``limit``."""

select_crowding: Final = text("""
    SELECT account_id, count(*) AS number
      FROM (SELECT account_id, campaign_id FROM deliveries WHERE state = 'queued' AND queued_at <= now()
             ORDER BY queued_at DESC LIMIT :limit) AS latest
     WHERE campaign_id IS NULL GROUP BY account_id HAVING count(*) > :least
""")
"""The accounts of which more than ``least`` deliveries wait for a worker, but for those of campaigns, and how many each has: among
the latest ``limit``, in whichever queue."""
