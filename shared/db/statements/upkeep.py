"""What keeps the database in shape."""

from typing import Final

from sqlalchemy import Uuid, bindparam, text

_BOUNDS: Final = tuple(bindparam(name, type_=Uuid(), literal_execute=True) for name in ("first", "end"))
"""Written into the statement, so that its plan is made for the one partition that lies between them."""

unfinished: Final = text("""
    SELECT EXISTS (SELECT FROM sends WHERE state = 'running' AND id >= :first AND id < :end)
        OR EXISTS (SELECT FROM sends WHERE state = 'scheduled' AND promoted_at IS NULL AND id >= :first AND id < :end)
        OR EXISTS (SELECT FROM deliveries WHERE state = 'queued' AND queued_at IS NOT NULL AND id >= :first AND id < :end)
        OR EXISTS (SELECT FROM deliveries WHERE state = 'claimed' AND lease_until IS NOT NULL AND id >= :first AND id < :end)
""").bindparams(*_BOUNDS)
"""Whether sends between two ids have not ended. Those handed to the queue ahead of their time are still ``scheduled``, and no index
holds them; but their deliveries are queued."""

forget_quarantined: Final = text("DELETE FROM quarantine WHERE delivery_id >= :first AND delivery_id < :end")
"""Drop what went wrong with deliveries between two ids, which are gone."""

expire_idempotency_keys: Final = text("""
    DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM idempotency_keys WHERE expires_at <= now() ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED))
""")
"""Delete expired keys, those that expired first. One that a request takes over at this moment is passed over."""
