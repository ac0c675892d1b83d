"""Committing accepted sends."""

from typing import Final

from sqlalchemy import text

insert_sends: Final = text("""
    WITH accepted AS (
        INSERT INTO sends (id, account_id, number, dialect, state, channels, variables, schedule_at, expires_at, token_id,
                           request_id, traceparent, waiter, until)
        SELECT id, account_id, coalesce(number, nextval('send_numbers')), dialect, state, channels, variables, schedule_at,
               expires_at, token_id, request_id, traceparent, waiter, until
          FROM jsonb_to_recordset(CAST(:sends AS jsonb))
            AS send (id uuid, account_id uuid, number bigint, dialect text, state text, channels text[], variables jsonb,
                     schedule_at timestamptz, expires_at timestamptz, token_id uuid, request_id text, traceparent text,
                     waiter text, until jsonb)
    )
    INSERT INTO deliveries (id, send_id, account_id, channel, tier, fallback, key_id, target, address, template_id, content,
                            state, queue, queued_at, published_at)
    SELECT id, send_id, account_id, channel, tier, fallback, key_id, target, address, template_id, content,
           state, queue, CASE WHEN opens THEN now() END, CASE WHEN opens THEN now() END
      FROM jsonb_to_recordset(CAST(:deliveries AS jsonb))
        AS delivery (id uuid, send_id uuid, account_id uuid, channel text, tier smallint, fallback boolean, key_id uuid,
                     target text, address text, template_id bigint, content jsonb, state text, opens boolean, queue text)
""")
"""Write sends with their deliveries, of which those that open are queued and published at the transaction's time.

Each parameter is an array of objects whose fields are the columns; :mod:`api.orders` makes them. A field that is missing is null.
"""

claim_idempotency_keys: Final = text("""
    INSERT INTO idempotency_keys (account_id, scope, key, fingerprint, send_id, expires_at)
    SELECT account_id, scope, key, fingerprint, send_id, now() + make_interval(secs => :ttl_seconds)
      FROM jsonb_to_recordset(CAST(:keys AS jsonb))
        AS claimed (account_id uuid, scope text, key text, fingerprint bytea, send_id uuid)
    ON CONFLICT (account_id, scope, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, send_id = excluded.send_id,
           created_at = now(), expires_at = excluded.expires_at
     WHERE idempotency_keys.expires_at <= now()
        OR excluded.send_id = ANY(:forgetful)
           AND (SELECT state IN ('failed', 'expired', 'cancelled') FROM sends WHERE id = idempotency_keys.send_id)
    RETURNING send_id
""")
"""Take keys for sends, in the order given, each unless it stands for another; an expired key is taken over, and by a ``forgetful``
send, whose contract forgets failures, also one whose send has failed. A send that is not returned has not got its key.

``keys`` is an array of objects, no two of them for one key.
"""

wait_briefly: Final = text("SELECT set_config('lock_timeout', :milliseconds, true)")
"""Bound the wait for what another transaction holds."""

wait_as_ever: Final = text("SET LOCAL lock_timeout TO DEFAULT")
"""Take that bound away."""

select_idempotency_key: Final = text("""
    SELECT send_id, fingerprint, created_at FROM idempotency_keys
     WHERE account_id = :account_id AND scope = :scope AND key = :key AND expires_at > now()
""")
"""Which send a key stands for, the request it was used with, and when."""

take_number: Final = text("SELECT nextval('send_numbers')")
"""Take the integer number of a send that is to be submitted; one that is not used is a gap."""
