"""Who sends, and who is written to: the tenants of a history, their keys, their contacts."""

from typing import Final

from sqlalchemy import Connection, text

PEOPLE: Final = 2_000_000
"""How many people are written to. Each has a number that no load of a measurement uses, and so has a chat that none does."""

_ACCOUNTS: Final = text("""
    INSERT INTO accounts (id, name)
    SELECT CAST(md5('account' || number) AS uuid), 'growth ' || number FROM generate_series(1, 8) AS number
    ON CONFLICT DO NOTHING
""")
"""Eight tenants beside those that exist."""

_KEYS: Final = text("""
    INSERT INTO channel_keys (id, account_id, channel, name, token_hash, token_prefix, credentials, status)
    SELECT CAST(md5(channel || accounts.id) AS uuid), accounts.id, channel, 'growth', sha256(CAST(channel || accounts.id AS bytea)),
           'growth', '', 'revoked'
      FROM accounts CROSS JOIN unnest(ARRAY['whatsapp', 'telegram', 'waba']) AS channel
    ON CONFLICT DO NOTHING
""")
"""The keys that every tenant sent with, and sends with no more."""

_CONTACTS: Final = text("""
    WITH tenants AS (SELECT array_agg(id ORDER BY id) AS ids FROM accounts)
    INSERT INTO contacts (account_id, channel, address, name)
    SELECT ids[1 + person % cardinality(ids)], 'waba', '62899' || lpad(CAST(person AS text), 9, '0'), 'Person ' || person
      FROM tenants CROSS JOIN generate_series(0, CAST(:contacts AS bigint) - 1) AS person
    ON CONFLICT DO NOTHING
""")

_CONVERSATIONS: Final = text("""
    INSERT INTO conversations (key_id, address, account_id, last_inbound_at)
    SELECT channel_keys.id, contacts.address, contacts.account_id, now() - make_interval(secs => contacts.id % 5000000)
      FROM contacts JOIN channel_keys USING (account_id, channel)
     WHERE channel_keys.name = 'growth' AND contacts.id % 2 = 0
    ON CONFLICT DO NOTHING
""")
"""Half of the contacts have written themselves."""


def make(connection: Connection, sends: int) -> None:
    """Make the tenants, and a contact for every ten sends."""
    connection.execute(_ACCOUNTS)
    connection.execute(_KEYS)
    connection.execute(_CONTACTS, {"contacts": min(sends // 10, PEOPLE)})
    connection.execute(_CONVERSATIONS)
