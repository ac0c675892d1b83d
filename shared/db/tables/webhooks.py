"""Webhooks to customers: where they want them, and what is on its way."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import text as sql

from shared.db.tables.base import account, document, identifier, maybe_text, metadata, moment, now, one_of, text

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
    Column("consecutive_failures", Integer, nullable=False, server_default="0"),
    now("created_at"),
    now("updated_at"),
    one_of("status", ("active", "disabled")),
    Index(None, "account_id", "id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    identifier(),
    account(),
    Column("subscription_id", Uuid, ForeignKey("webhook_subscriptions.id"), nullable=False),
    text("event_id"),
    text("event_type"),
    text("source"),
    document("body", default="{}"),
    text("state", server_default="pending"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    moment("next_attempt_at"),
    Column("response_status", Integer),
    maybe_text("error"),
    now("created_at"),
    moment("ended_at"),
    one_of("state", ("pending", "delivered", "failed", "dead")),
    Index(None, "account_id", "id"),
    Index(None, "subscription_id", "id"),
    Index("ix_webhook_deliveries_due", "next_attempt_at", postgresql_where=sql("state = 'pending'")),
)
