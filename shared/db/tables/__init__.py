"""The tables, one module per noun. Times are ``timestamptz``; ids are time-ordered UUIDs unless a contract wants integers.

``sends``, ``deliveries``, ``attempts`` and ``events`` are partitioned by the week in which the send was accepted: a delivery's id
is its send's with a number in the last bits, and the other two are keyed by them, so that all rows of a send share one week and
retention drops four partitions at once. They carry no foreign keys: their rows are written together with what they refer
to, they go only with their partition, and a key check on an account's row would make every send of it wait for the others.
"""

from shared.db.tables.accounts import accounts, api_tokens
from shared.db.tables.base import metadata
from shared.db.tables.campaigns import campaign_recipients, campaigns
from shared.db.tables.channel_keys import channel_keys
from shared.db.tables.contacts import contacts, conversations, suppressions
from shared.db.tables.files import files
from shared.db.tables.idempotency_keys import idempotency_keys
from shared.db.tables.inbox import inbox
from shared.db.tables.quarantine import quarantine
from shared.db.tables.sends import attempts, deliveries, events, sends
from shared.db.tables.statistics import delivery_changes, delivery_counts, send_changes, send_counts
from shared.db.tables.templates import templates
from shared.db.tables.webhooks import webhook_deliveries, webhook_subscriptions

__all__ = [
    "accounts",
    "api_tokens",
    "attempts",
    "campaign_recipients",
    "campaigns",
    "channel_keys",
    "contacts",
    "conversations",
    "deliveries",
    "delivery_changes",
    "delivery_counts",
    "events",
    "files",
    "idempotency_keys",
    "inbox",
    "metadata",
    "quarantine",
    "send_changes",
    "send_counts",
    "sends",
    "suppressions",
    "templates",
    "webhook_deliveries",
    "webhook_subscriptions",
]
