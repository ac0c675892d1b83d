"""What is known of the people who are written to: that they want nothing, that they wrote, that an address is dead.

Providers repeat what they say, late and in any order, so that everything here only moves forward in time. Who writes it holds
no lock that is taken after: contacts, conversations and suppressions come last, each in the order of their keys.
"""

from typing import Final

from sqlalchemy import text

OPTED_OUT: Final = "contacts.opted_out_at >= coalesce(contacts.opted_in_at, '-infinity')"
"""Whether a contact wants nothing: the later word counts, in whatever order the words came. Null where nothing was said."""

note_words: Final = text("""
    INSERT INTO contacts (account_id, channel, address, opted_out_at, opted_in_at, name)
    SELECT r.account_id, r.channel, r.address,
           CASE WHEN r.opted_out_at > now() THEN now() ELSE r.opted_out_at END,
           CASE WHEN r.opted_in_at > now() THEN now() ELSE r.opted_in_at END, r.name
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
           account_id uuid, channel text, address text, opted_out_at timestamptz, opted_in_at timestamptz, name text)
     ORDER BY r.account_id, r.channel, r.address
    ON CONFLICT (account_id, channel, address) DO UPDATE
       SET opted_out_at = greatest(contacts.opted_out_at, excluded.opted_out_at),
           opted_in_at = greatest(contacts.opted_in_at, excluded.opted_in_at),
           name = coalesce(contacts.name, excluded.name), updated_at = now()
     WHERE greatest(contacts.opted_out_at, excluded.opted_out_at) IS DISTINCT FROM contacts.opted_out_at
        OR greatest(contacts.opted_in_at, excluded.opted_in_at) IS DISTINCT FROM contacts.opted_in_at
        OR contacts.name IS NULL AND excluded.name IS NOT NULL
""")
"""Note when people asked for no messages, or for messages again, and what they call themselves where nobody has named them. One row
for each person; what is null says nothing, and what says nothing new writes nothing."""

note_inbound: Final = text("""
    INSERT INTO conversations (key_id, address, account_id, last_inbound_at)
    SELECT r.key_id, r.address, r.account_id, least(r.at, now())
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key_id uuid, address text, account_id uuid, at timestamptz)
     ORDER BY r.key_id, r.address
    ON CONFLICT (key_id, address) DO UPDATE
       SET last_inbound_at = excluded.last_inbound_at WHERE conversations.last_inbound_at < excluded.last_inbound_at
""")
"""Note when people wrote to a sender, which opens its 24-hour window. One row for each person and sender."""

suppress_bounced: Final = text("""
    INSERT INTO suppressions (id, account_id, channel, address, reason)
    SELECT r.id, r.account_id, r.channel, r.address, 'hard_bounce'
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, account_id uuid, channel text, address text)
     ORDER BY r.account_id, r.channel, r.address
    ON CONFLICT (account_id, channel, address) DO UPDATE SET reason = 'hard_bounce', expires_at = NULL
     WHERE suppressions.expires_at IS NOT NULL
""")
"""Suppress addresses that do not exist; what is suppressed for good stays as it is. One row for each address."""

suppress: Final = text("""
    INSERT INTO suppressions (id, account_id, channel, address, reason, expires_at)
    SELECT r.id, :account_id, :channel, r.address, :reason, CAST(:expires_at AS timestamptz)
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, address text)
     ORDER BY r.address
    ON CONFLICT (account_id, channel, address) DO UPDATE
       SET reason = excluded.reason, expires_at = excluded.expires_at, created_at = now()
     WHERE coalesce(suppressions.expires_at, 'infinity') < coalesce(excluded.expires_at, 'infinity')
""")
"""Suppress addresses of one account and channel; what is suppressed for longer already stays as it is. One row for each address."""
