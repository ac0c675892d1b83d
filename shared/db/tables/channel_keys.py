"""Channel keys: the senders of an account, each with its provider's credentials, encrypted."""

from sqlalchemy import BigInteger, Column, Float, Index, LargeBinary, Table
from sqlalchemy.sql import text as sql

from shared.db.tables.base import account, document, identifier, maybe_text, metadata, moment, now, one_of, text
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus, OnUnknown

QUOTA_PERIODS = ("day", "month")

channel_keys = Table(
    "channel_keys",
    metadata,
    identifier(),
    account(),
    text("channel"),
    text("name"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    text("token_prefix"),
    Column("credentials", LargeBinary, nullable=False),
    maybe_text("sender"),
    maybe_text("provider_id"),
    text("status", server_default=KeyStatus.ACTIVE),
    maybe_text("status_code"),
    maybe_text("status_reason"),
    moment("status_at"),
    moment("probe_at"),
    Column("rate_per_second", Float),
    text("on_unknown", server_default=OnUnknown.NEXT_TIER),
    Column("quota_limit", BigInteger),
    Column("quota_used", BigInteger, nullable=False, server_default="0"),
    maybe_text("quota_period"),
    moment("quota_resets_at"),
    document("settings", default="{}"),
    now("created_at"),
    now("updated_at"),
    moment("templates_due_at"),
    moment("templates_synced_at"),
    maybe_text("templates_error"),
    one_of("channel", Channel),
    one_of("status", KeyStatus),
    one_of("on_unknown", OnUnknown),
    one_of("quota_period", QUOTA_PERIODS),
    Index(None, "account_id", "channel"),
    Index("ix_channel_keys_probe", "probe_at", postgresql_where=sql("status = 'suspended'")),
)
"""A business number's templates are read from Meta when ``templates_due_at`` has come; ``templates_synced_at`` is the moment as of
which they are known, and ``templates_error`` why they could not be read since."""
