"""Templates: content that is reviewed once and sent by its number."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, Index, Table, Uuid

from shared.db.tables.base import account, document, maybe_text, metadata, moment, now, one_of, text
from shared.domain.channels import Channel

STATUSES = ("draft", "pending", "approved", "rejected")
"""A template is a draft until it is submitted, and pending until an operator has judged it."""

templates = Table(
    "templates",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    account(),
    text("channel"),
    text("name"),
    maybe_text("language"),
    document("body", default="{}"),
    text("status", server_default="pending"),
    maybe_text("status_reason"),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("key_id", Uuid, ForeignKey("channel_keys.id")),
    maybe_text("category"),
    maybe_text("quality"),
    maybe_text("provider_id"),
    now("created_at"),
    now("updated_at"),
    moment("synced_at"),
    one_of("channel", Channel),
    one_of("status", STATUSES),
    Index(None, "account_id", "channel", "name"),
    Index(None, "key_id"),
)
