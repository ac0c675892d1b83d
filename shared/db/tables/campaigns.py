"""Campaigns: one message to many recipients, and the recipients not yet made into sends."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, PrimaryKeyConstraint, Table, Uuid

from shared.db.tables.base import account, document, identifier, maybe_text, metadata, moment, now, one_of, text

CAMPAIGN_STATES = ("draft", "scheduled", "running", "paused", "completed", "cancelled", "failed")
RECIPIENT_STATES = ("pending", "taken", "refused", "skipped")

campaigns = Table(
    "campaigns",
    metadata,
    identifier(),
    account(),
    text("name"),
    text("state", server_default="draft"),
    document("plan", default="{}"),
    document("options", default="{}"),
    Column("rate_per_second", Float),
    Column("total", BigInteger, nullable=False, server_default="0"),
    Column("position", BigInteger, nullable=False, server_default="0"),
    moment("schedule_at"),
    maybe_text("recurrence"),
    now("created_at"),
    moment("started_at"),
    moment("ended_at"),
    one_of("state", CAMPAIGN_STATES),
    Index(None, "account_id", "id"),
)

campaign_recipients = Table(
    "campaign_recipients",
    metadata,
    Column("campaign_id", Uuid, ForeignKey("campaigns.id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    text("state", server_default="pending"),
    document("targets", default="{}"),
    document("variables", default="{}"),
    Column("send_id", Uuid),
    maybe_text("reason"),
    PrimaryKeyConstraint("campaign_id", "position"),
    one_of("state", RECIPIENT_STATES),
)
