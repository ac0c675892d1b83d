"""Files an account has uploaded, by the hash of what they hold."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, UniqueConstraint

from shared.db.tables.base import account, identifier, metadata, moment, now, text

files = Table(
    "files",
    metadata,
    identifier(),
    account(),
    text("name"),
    text("media_type"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    text("location"),
    now("created_at"),
    moment("deleted_at"),
    UniqueConstraint("account_id", "sha256", "name"),
    Index(None, "account_id", "created_at"),
)
