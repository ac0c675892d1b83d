"""The outbox of webhooks to customers."""

from typing import Final

from sqlalchemy import text

select_active: Final = text("""
    SELECT id, account_id, events FROM webhook_subscriptions WHERE account_id = ANY(:account_ids) AND status = 'active' ORDER BY id
""")
"""The subscriptions of some accounts that want to hear of anything at all."""

insert_webhooks: Final = text("""
    INSERT INTO webhook_deliveries (id, account_id, subscription_id, event_id, event_type, source, dedupe, body, next_attempt_at)
    SELECT r.*, now() FROM json_to_recordset(CAST(:rows AS json)) AS r(
           id uuid, account_id uuid, subscription_id uuid, event_id text, event_type text, source text, dedupe text, body json)
    ON CONFLICT (subscription_id, dedupe) DO NOTHING
    RETURNING id
""")
"""Write webhooks that can be posted at once; one that was written before is left as it is."""
