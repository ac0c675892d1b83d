"""Webhooks that wait in the inbox, and the receipts they bring.

Who records receipts locks the sends, then their deliveries, then what the receipts mean for keys and people, and the webhooks at
last, since whether one is handled is known last; each in the order of ids. Nobody locks anything else while holding webhooks, but
for what is written to customers.
"""

from typing import Final

from sqlalchemy import text

select_webhooks: Final = text("""
    SELECT inbox.id, inbox.provider, inbox.body, inbox.received_at, extract(epoch FROM now() - inbox.received_at) AS age,
           inbox.key_id, channel_keys.account_id, channel_keys.channel, channel_keys.provider_id, channel_keys.sender
      FROM inbox JOIN channel_keys ON channel_keys.id = inbox.key_id
     WHERE inbox.id = ANY(:ids) ORDER BY inbox.id
""")
"""Webhooks with their age in seconds, and the key that each was signed for; what is handled already is not there any more."""

select_keys: Final = text("""
    SELECT id, account_id, provider_id, sender FROM channel_keys
     WHERE account_id = ANY(:account_ids) AND channel = 'waba' AND provider_id = ANY(:provider_ids) ORDER BY id
""")
"""The keys of Meta's numbers, by Meta's ids of them: several where a number was given a key anew."""

name_senders: Final = text("""
    WITH locked AS (
        SELECT channel_keys.id, r.sender
          FROM channel_keys JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, sender text) ON channel_keys.id = r.id
         WHERE channel_keys.sender IS NULL ORDER BY channel_keys.id FOR NO KEY UPDATE OF channel_keys
    )
    UPDATE channel_keys SET sender = locked.sender FROM locked WHERE channel_keys.id = locked.id
""")
"""Note the numbers of keys of which nobody has told any."""

select_calls: Final = text("""
    SELECT account_id, min(claimed_at) AS since FROM deliveries
     WHERE state = 'claimed' AND lease_until IS NOT NULL AND account_id = ANY(:account_ids) AND channel = 'whatsapp'
     GROUP BY account_id
""")
"""Since when the calls last that are under way by devices of some accounts."""

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
    SELECT deliveries.id, deliveries.account_id, deliveries.channel, key_id, target, address, receipt, provider_message_id,
           CASE WHEN state = 'waiting' AND attempts > 0 THEN 'queued' ELSE state END AS state,
           confirm_by IS NOT NULL AS awaited, code, claimed_at,
           extract(epoch FROM now() - coalesce(claimed_at, ended_at)) AS age, settings AS key_settings
      FROM deliveries JOIN channel_keys ON channel_keys.id = deliveries.key_id
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last
     ORDER BY deliveries.id FOR NO KEY UPDATE OF deliveries
""")
"""Lock deliveries of locked sends, and tell how they stand: a worker that wants to claim one waits, and sees what was done. One
that is parked after a call is as good as queued."""

record: Final = text("""
    UPDATE deliveries
       SET receipt = r.receipt, receipt_at = r.receipt_at,
           provider_message_id = coalesce(deliveries.provider_message_id, r.provider_message_id),
           confirm_by = CASE WHEN r.confirms THEN NULL ELSE deliveries.confirm_by END,
           code = CASE WHEN r.confirms THEN NULL ELSE deliveries.code END,
           reason = CASE WHEN r.confirms THEN NULL ELSE deliveries.reason END
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
           id uuid, receipt text, receipt_at timestamptz, provider_message_id text, confirms boolean)
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.id = r.id
""")
"""Write receipts, all of them further than what is there. One that ``confirms`` is what the send has waited for."""

select_reported: Final = text("""
    SELECT id, CASE WHEN receipt <> 'failed' THEN receipt END AS receipt FROM deliveries
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last
       AND (state IN ('unknown', 'queued', 'failed', 'cancelled') OR state = 'waiting' AND attempts > 0)
       AND (receipt IN ('sent', 'delivered', 'read')
            OR EXISTS (SELECT FROM attempts
                        WHERE delivery_id = deliveries.id AND delivery_id BETWEEN :first AND :last AND outcome = 'sent'))
""")
"""Deliveries that were sent by their provider's word, or by a call whose worker was believed lost: both came while another call was
under way, of which this is the outcome."""

forget: Final = text("DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id = ANY(:ids) ORDER BY id FOR UPDATE)")
"""Drop webhooks that are handled."""

keep: Final = text("""
    UPDATE inbox SET tried_at = now() WHERE id IN (SELECT id FROM inbox WHERE id = ANY(:ids) FOR NO KEY UPDATE SKIP LOCKED)
""")
"""Note that webhooks were looked at which could not be handled yet; of those that another has, it is said by that one."""

republish: Final = text("""
    WITH lost AS (
        SELECT id FROM inbox WHERE published_at <= now() - make_interval(secs => :after_seconds)
         ORDER BY published_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE inbox SET published_at = now() FROM lost WHERE inbox.id = lost.id
    RETURNING inbox.id
""")
"""Webhooks that nobody handled in time, or that could not be yet, marked as published again."""

expire: Final = text("""
    DELETE FROM inbox WHERE id IN (
        SELECT id FROM inbox WHERE received_at <= now() - make_interval(secs => :age_seconds) LIMIT :limit FOR UPDATE SKIP LOCKED)
""")
"""Drop webhooks that nobody could handle."""
