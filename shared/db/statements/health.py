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
