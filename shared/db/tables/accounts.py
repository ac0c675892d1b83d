"""Accounts, the tenants, and the tokens they speak with."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Uuid

from shared.db.tables.base import account, document, identifier, maybe_text, metadata, moment, now, one_of, text

accounts = Table(
    "accounts",
    metadata,
    identifier(),
    text("name", unique=True),
    text("status", server_default="active"),
    Column("subscribed", Boolean, nullable=False, server_default="true"),
    document("settings", default="{}"),
    now("created_at"),
    one_of("status", ("active", "disabled")),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    identifier(),
    account(),
    Column("hash", LargeBinary, nullable=False, unique=True),
    text("prefix"),
    maybe_text("last4"),
    maybe_text("label"),
    Column("bound_key_id", Uuid, ForeignKey("channel_keys.id")),
    now("created_at"),
    moment("expires_at"),
    moment("revoked_at"),
    Index(None, "account_id"),
    Index(None, "bound_key_id"),
)
