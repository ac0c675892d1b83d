"""People: contacts known by an address, and addresses that must not be written to."""

from sqlalchemy import BigInteger, Column, Identity, Index, Table, UniqueConstraint

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
    moment("last_inbound_at"),
    now("created_at"),
    now("updated_at"),
    one_of("channel", Channel),
    UniqueConstraint("account_id", "channel", "address"),
)

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
)
