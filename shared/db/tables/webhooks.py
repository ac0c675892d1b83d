"""Webhooks to customers: where they want them, and what is on its way."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import text as sql

from shared.db.tables.base import account, identifier, maybe_text, metadata, moment, now, one_of, text

SOURCES = ("meta", "kirim")
"""``meta`` bodies are Meta's own, passed on; ``kirim`` ones are envelopes of ours."""

WEBHOOK_STATES = ("pending", "failed", "delivered", "dead")
"""``failed`` is to be tried again, ``dead`` is not."""

webhook_subscriptions = Table(
    "webhook_subscriptions",
    metadata,
    identifier(),
    account(),
    text("url"),
    maybe_text("description"),
    Column("events", ARRAY(Text), nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    text("status", server_default="active"),
    maybe_text("status_reason"),
    Column("consecutive_failures", Integer, nullable=False, server_default="0"),
    now("created_at"),
    now("updated_at"),
    moment("deleted_at"),
    one_of("status", ("active", "disabled")),
    Index(None, "account_id", "id"),
)
"""One that is deleted is disabled too, and hidden; upkeep removes it after its webhooks."""

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    identifier(),
    account(),
    Column("subscription_id", Uuid, ForeignKey("webhook_subscriptions.id"), nullable=False),
    text("event_id"),
    text("event_type"),
    text("source"),
    text("dedupe"),
    Column("body", JSON, nullable=False),
    text("state", server_default="pending"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    moment("next_attempt_at"),
    now("published_at"),
    Column("response_status", Integer),
    maybe_text("error"),
    now("created_at"),
    moment("ended_at"),
    one_of("source", SOURCES),
    one_of("state", WEBHOOK_STATES),
    UniqueConstraint("subscription_id", "dedupe"),
    Index(None, "account_id", "id"),
    Index(None, "account_id", "state", "id"),
    Index(None, "created_at"),
    Index("ix_webhook_deliveries_due", "subscription_id", "next_attempt_at", postgresql_where=sql("next_attempt_at IS NOT NULL")),
)
"""Bodies are kept as they will be posted, in their own order of fields, which JSONB would not. ``published_at`` is when the
last task that posts it was published, or for when."""
