"""Files an account has uploaded, by the hash of what they hold."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table
from sqlalchemy.sql import text as sql

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
    Index("uq_files_live", "account_id", "sha256", "name", unique=True, postgresql_where=sql("deleted_at IS NULL")),
    Index("ix_files_location", "location", postgresql_where=sql("deleted_at IS NULL")),
    Index("ix_files_deleted_at", "deleted_at", postgresql_where=sql("deleted_at IS NOT NULL")),
    Index(None, "account_id", "id"),
)
"""Files of one account that hold the same share a location. A row that is deleted says that its location may hold bytes which are
to be removed, where no other row refers to them; so does that of an upload, until it is done."""
