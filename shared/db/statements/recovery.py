"""Finding work that a crash left lying."""

from typing import Final

from sqlalchemy import text

republish: Final = text("""
    WITH lost AS (
        SELECT id FROM deliveries
         WHERE state = 'queued' AND queued_at <= now() - make_interval(secs => :after_seconds)
           AND published_at <= now() - make_interval(secs => :after_seconds)
           AND (not_before IS NULL OR not_before <= now() - make_interval(secs => :after_seconds))
         ORDER BY queued_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE deliveries SET published_at = now() FROM lost WHERE deliveries.id = lost.id
    RETURNING deliveries.id, deliveries.queue
""")
"""Queued deliveries whose task nobody took in time, marked as published again."""
