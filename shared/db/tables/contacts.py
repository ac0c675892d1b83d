"""People: contacts known by an address, and addresses that must not be written to."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    Uuid,
)

from shared.db.tables.base import account, identifier, maybe_text, metadata, moment, now, one_of, text
from shared.domain.channels import Channel

SUPPRESSION_REASONS = ("hard_bounce", "soft_bounce", "complaint", "unsubscribe", "manual")

contacts = Table(
    "contacts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    account(),
    text("channel"),
    text("address"),
    maybe_text("name"),
    maybe_text("email"),
    moment("opted_out_at"),
    moment("opted_in_at"),
    now("created_at"),
    now("updated_at"),
    one_of("channel", Channel),
    UniqueConstraint("account_id", "channel", "address"),
    Index("ix_contacts_newest", "account_id", "id"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("key_id", Uuid, ForeignKey("channel_keys.id"), nullable=False),
    text("address"),
    account(),
    Column("last_inbound_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("key_id", "address"),
    Index(None, "account_id", "address"),
)
"""When a person last wrote to a sender: the 24-hour window is between the two, whatever other senders the account has."""

suppressions = Table(
    "suppressions",
    metadata,
    identifier(),
    account(),
    text("channel"),
    text("address"),
    text("reason"),
    now("created_at"),
    moment("expires_at"),
    one_of("channel", Channel),
    one_of("reason", SUPPRESSION_REASONS),
    UniqueConstraint("account_id", "channel", "address"),
    Index(None, "expires_at"),
    Index("ix_suppressions_newest", "account_id", "id"),
)
