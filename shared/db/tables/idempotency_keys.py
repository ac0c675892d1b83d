"""Idempotency keys: which send a client's key stands for, written in the send's own transaction."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Uuid

from shared.db.tables.base import account, metadata, now, text

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    account(),
    text("scope"),
    text("key"),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("send_id", Uuid, nullable=False),
    now("created_at"),
    now("expires_at"),
    PrimaryKeyConstraint("account_id", "scope", "key"),
    Index(None, "expires_at"),
)
