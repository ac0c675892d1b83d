"""Committing accepted sends."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Insert, bindparam, func, insert, text

from shared.db.tables import deliveries, sends
from shared.db.tables.sends import send_numbers

insert_sends: Final[Insert] = insert(sends).values(
    number=func.coalesce(bindparam("number", type_=BigInteger), send_numbers.next_value())
)
"""One row per send, with every column of :func:`api.orders.send_row` given."""

insert_deliveries: Final[Insert] = insert(deliveries)
"""One row per delivery; times are the transaction's unless given."""

claim_idempotency_key: Final = text("""
    INSERT INTO idempotency_keys (account_id, scope, key, fingerprint, send_id, expires_at)
    VALUES (:account_id, :scope, :key, :fingerprint, :send_id, now() + make_interval(secs => :ttl_seconds))
    ON CONFLICT (account_id, scope, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, send_id = excluded.send_id,
           created_at = now(), expires_at = excluded.expires_at
     WHERE idempotency_keys.expires_at <= now()
        OR :forgets_failures AND (SELECT state IN ('failed', 'expired', 'cancelled') FROM sends WHERE id = idempotency_keys.send_id)
    RETURNING send_id
""")
"""Take a key for a send unless it stands for another; an expired key is taken over, and where the contract forgets failures also
one whose send has failed. No row: it is another's."""

wait_briefly: Final = text("SELECT set_config('lock_timeout', :milliseconds, true)")
"""Bound the wait for what another transaction holds."""

wait_as_ever: Final = text("SET LOCAL lock_timeout TO DEFAULT")
"""Take that bound away."""

select_idempotency_key: Final = text("""
    SELECT send_id, fingerprint, created_at FROM idempotency_keys
     WHERE account_id = :account_id AND scope = :scope AND key = :key AND expires_at > now()
""")
"""Which send a key stands for, the request it was used with, and when."""


def execute_many(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in one round trip; SQLAlchemy would otherwise write an empty row for an empty list."""
    if rows:
        connection.execute(statement, rows)
