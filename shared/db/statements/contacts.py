"""Contacts as the Kanal dialect needs them: known by a number of their own, and asked whether they may be written to."""

from typing import Final

from sqlalchemy import text

from shared.db.statements import people

meet: Final = text(f"""
    WITH known AS (
        SELECT id, opted_out_at, opted_in_at FROM contacts
         WHERE account_id = :account_id AND channel = :channel AND address = :address
    ), made AS (
        INSERT INTO contacts (account_id, channel, address, name, email)
        SELECT :account_id, :channel, :address, :name, :email WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (account_id, channel, address) DO UPDATE SET address = excluded.address
        RETURNING id, opted_out_at, opted_in_at
    )
    SELECT contacts.id, coalesce({people.OPTED_OUT}, false) AS opted_out,
           EXISTS (SELECT FROM conversations
                    WHERE key_id = :key_id AND address = :address
                      AND last_inbound_at > now() - interval '24 hours') AS window_open
      FROM (TABLE known UNION ALL TABLE made) AS contacts
""")
"""Find a contact, or make it; whether it wants nothing; and whether the 24-hour window between it and a sender is open. Of two
that make the same contact at once, the later one finds that of the earlier: no row of a contact that is known is written."""

select_accepted: Final = text("""
    SELECT sends.number, contacts.id AS contact_id, deliveries.address
      FROM deliveries
      JOIN sends ON sends.id = deliveries.send_id
      JOIN contacts
        ON contacts.account_id = deliveries.account_id
       AND contacts.channel = deliveries.channel AND contacts.address = deliveries.address
     WHERE deliveries.id = :delivery_id AND sends.id = :send_id
""")
"""A send by its integer number, with the contact it goes to."""
