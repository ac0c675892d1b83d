"""Webhooks that wait in the inbox, and the receipts they bring.

Who records receipts locks the sends, then their deliveries, then the webhooks, each in the order of ids.
"""

from typing import Final

from sqlalchemy import text

select_webhooks: Final = text("""
    SELECT inbox.id, inbox.provider, inbox.body, inbox.received_at, channel_keys.account_id, channel_keys.channel
      FROM inbox JOIN channel_keys ON channel_keys.id = inbox.key_id
     WHERE inbox.id = ANY(:ids) ORDER BY inbox.id
""")
"""Webhooks with the account and channel of the key that each was signed for; what is handled already is not there any more."""

select_by_id: Final = text("""
    SELECT id, account_id, channel, provider_message_id FROM deliveries WHERE id = ANY(:ids) AND id BETWEEN :first AND :last
""")
"""Whose the deliveries are that webhooks name."""

select_by_message: Final = text("""
    SELECT id, account_id, channel, provider_message_id FROM deliveries
     WHERE provider_message_id = ANY(:message_ids) AND provider_message_id IS NOT NULL
""")
"""The same for deliveries that webhooks know by the provider's id alone."""

lock_deliveries: Final = text("""
    SELECT id, state, receipt, provider_message_id FROM deliveries
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last ORDER BY id FOR NO KEY UPDATE
""")
"""Lock deliveries of locked sends, and tell how they stand: a worker that wants to claim one waits, and sees what was done."""

record: Final = text("""
    UPDATE deliveries
       SET receipt = r.receipt, receipt_at = r.receipt_at,
           provider_message_id = coalesce(deliveries.provider_message_id, r.provider_message_id)
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, receipt text, receipt_at timestamptz, provider_message_id text)
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.id = r.id
""")
"""Write receipts, all of them further than what is there."""

select_reported: Final = text("""
    SELECT id, CASE WHEN receipt <> 'failed' THEN receipt END AS receipt FROM deliveries
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state IN ('unknown', 'queued', 'failed', 'cancelled')
       AND (receipt IN ('sent', 'delivered', 'read')
            OR EXISTS (SELECT FROM attempts
                        WHERE delivery_id = deliveries.id AND delivery_id BETWEEN :first AND :last AND outcome = 'sent'))
""")
"""Deliveries that were sent by their provider's word, or by a call whose worker was believed lost: both came while another call was
under way, of which this is the outcome."""

forget: Final = text("DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id = ANY(:ids) ORDER BY id FOR UPDATE)")
"""Drop webhooks that are handled."""

republish: Final = text("""
    WITH lost AS (
        SELECT id FROM inbox WHERE published_at <= now() - make_interval(secs => :after_seconds)
         ORDER BY published_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE inbox SET published_at = now() FROM lost WHERE inbox.id = lost.id
    RETURNING inbox.id
""")
"""Webhooks that nobody handled in time, or that could not be yet, marked as published again."""

expire: Final = text("DELETE FROM inbox WHERE received_at <= now() - make_interval(secs => :age_seconds)")
"""Drop webhooks that nobody could handle."""
