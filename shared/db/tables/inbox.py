"""Webhooks of providers, as they came. Each is kept until its task has handled it, and no longer than a day: it names people."""

from sqlalchemy import Column, Index, LargeBinary, Table, Uuid

from shared.db.tables.base import identifier, metadata, moment, now, one_of, text

PROVIDERS = ("waba", "waha", "gowa", "telegram")

inbox = Table(
    "inbox",
    metadata,
    identifier(),
    Column("key_id", Uuid, nullable=False),
    text("provider"),
    Column("body", LargeBinary, nullable=False),
    now("received_at"),
    now("published_at"),
    moment("tried_at"),
    one_of("provider", PROVIDERS),
    Index(None, "published_at"),
    Index(None, "key_id"),
)
"""``tried_at`` is when a webhook was last looked at that could not be handled yet. Bodies are kept as bytes: JSON of Postgres holds
neither a NUL nor half a surrogate, which a person may well have written."""
