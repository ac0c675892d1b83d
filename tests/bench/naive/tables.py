"""The tables, and a connection pool for each process."""

import os
from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Engine,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    create_engine,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from tests.bench.naive.variables import DATABASE_URL

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("token", Text, nullable=False, unique=True),
)

channel_keys = Table(
    "channel_keys",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("token", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    Column("tier", SmallInteger, nullable=False, server_default="0"),
    Column("parts", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
)
"""``parts`` has the target, the text and the key's token of every channel."""

attempts = Table(
    "attempts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("delivered", Boolean, nullable=False),
    Column("status", Integer),
    Column("provider_message_id", Text),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Give the process's engine; a process of the prefork pool makes its own with its first task."""
    return create_engine(os.environ[DATABASE_URL], pool_size=10, max_overflow=0)
