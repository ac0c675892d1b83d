"""Campaigns: one message to many recipients, and the rows of their files."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, PrimaryKeyConstraint, Table, Time, UniqueConstraint, Uuid
from sqlalchemy.sql import text as sql

from shared.db.tables.base import account, document, identifier, maybe_text, metadata, moment, now, one_of, text
from shared.domain.campaigns import CampaignState, RecipientState

campaigns = Table(
    "campaigns",
    metadata,
    identifier(),
    account(),
    text("name"),
    text("state", server_default="draft"),
    maybe_text("state_reason"),
    document("plan", default="{}"),
    document("mapping", default="{}"),
    maybe_text("source"),
    maybe_text("source_name"),
    maybe_text("source_format"),
    text("time_zone", server_default="UTC"),
    Column("quiet_from", Time),
    Column("quiet_until", Time),
    Column("rate_per_second", Double),
    moment("schedule_at"),
    maybe_text("recurrence"),
    Column("parent_id", Uuid, ForeignKey("campaigns.id")),
    moment("occurs_at"),
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    Column("duplicates", BigInteger, nullable=False, server_default="0"),
    Column("position", BigInteger, nullable=False, server_default="0"),
    Column("fed", BigInteger, nullable=False, server_default="0"),
    moment("fed_at"),
    Column("credit", Double, nullable=False, server_default="0"),
    now("created_at"),
    now("updated_at"),
    moment("started_at"),
    moment("paused_at"),
    moment("ended_at"),
    Column("paused_seconds", Double, nullable=False, server_default="0"),
    one_of("state", CampaignState),
    Index(None, "account_id", "id"),
    Index(
        "ix_campaigns_state",
        "state",
        "id",
        postgresql_where=sql("state IN ('importing', 'scheduled', 'running') OR state = 'cancelled' AND ended_at IS NULL"),
    ),
    UniqueConstraint("parent_id", "occurs_at"),
)
"""``position`` is the last row that was passed, and ``fed`` how many rows have become sends. ``credit`` is the part of a send
that a campaign's rate had not reached at ``fed_at``. ``paused_seconds`` are those of pauses that are over: a resumption adds its
own. An occurrence of a campaign that recurs has it as its parent; no time occurs twice."""

campaign_recipients = Table(
    "campaign_recipients",
    metadata,
    Column("campaign_id", Uuid, ForeignKey("campaigns.id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    text("state", server_default="pending"),
    document("targets", default="{}"),
    document("addresses", default="{}"),
    Column("fingerprint", BigInteger),
    document("variables", default="{}"),
    maybe_text("time_zone"),
    moment("due_at"),
    Column("send_id", Uuid),
    maybe_text("reason"),
    PrimaryKeyConstraint("campaign_id", "position"),
    Index("ix_campaign_recipients_deferred", "campaign_id", "due_at", "position", postgresql_where=sql("state = 'deferred'")),
    one_of("state", RecipientState),
)
"""A row of a file, numbered from 1. ``targets`` are by channel as they were written, ``addresses`` in their canonical form (null
where no message could reach it); ``fingerprint`` is a hash of the addresses, by which duplicates are found."""
