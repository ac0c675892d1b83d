"""What ``antar why`` tells of a send beside its resource, and by what else than its id it is found: all by indexes."""

from typing import Final

from sqlalchemy import text

select_origin: Final = text("""
    SELECT accounts.name AS account, sends.request_id, api_tokens.id AS token_id, api_tokens.label AS token_label,
           campaigns.id AS campaign_id, campaigns.name AS campaign, now() AS now
      FROM sends
      LEFT JOIN accounts ON accounts.id = sends.account_id
      LEFT JOIN api_tokens ON api_tokens.id = sends.token_id
      LEFT JOIN campaigns ON campaigns.id = sends.campaign_id
     WHERE sends.id = :send_id
""")
"""Who asked for a send, and by what; what has been deleted since is null."""

select_standings: Final = text("""
    SELECT deliveries.id, key_id, channel_keys.name AS key, channel_keys.status AS key_status, queue, lease_until, resolve_at
      FROM deliveries LEFT JOIN channel_keys ON channel_keys.id = key_id
     WHERE deliveries.id BETWEEN :first AND :last
""")
"""By which key and queue each delivery of a send goes, and what is due of it."""

select_webhooks: Final = text("""
    SELECT written.* FROM webhook_subscriptions CROSS JOIN LATERAL (
        SELECT id, subscription_id, event_id, event_type, source, state, attempts, next_attempt_at, response_status, error, ended_at
          FROM webhook_deliveries WHERE subscription_id = webhook_subscriptions.id AND dedupe = ANY(:dedupes)) AS written
     WHERE webhook_subscriptions.account_id = :account_id ORDER BY written.id
""")
"""The webhooks by which a customer hears of something, named by what repeats of them are told by."""

select_subject: Final = text("SELECT dedupe FROM webhook_deliveries WHERE id = :id")
"""What a webhook to a customer is about."""

select_by_message: Final = text("""
    SELECT DISTINCT send_id AS id FROM deliveries
     WHERE provider_message_id = :message_id AND provider_message_id IS NOT NULL LIMIT :limit
""")
"""The sends of which a provider calls a message so: other providers, or other chats, may have one of the same name."""

select_by_request: Final = text("""
    SELECT id FROM sends WHERE id BETWEEN :first AND :last AND request_id = :request_id ORDER BY id LIMIT :limit
""")
"""The sends that a request made, among those of some minutes: requests have no index, but their ids tell when they came."""

select_by_number: Final = text("SELECT id FROM sends WHERE id BETWEEN :first AND :last AND number = :number AND dialect = 'kanal'")
"""The send that the Kanal dialect calls by a number, among those of some minutes."""

select_next: Final = text("SELECT id, number FROM sends WHERE id >= :id ORDER BY id LIMIT 1")
"""The first send from an id on."""

select_last: Final = text("SELECT id, number FROM sends ORDER BY id DESC LIMIT 1")
"""The last send there is."""
