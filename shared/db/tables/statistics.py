"""Counts of outcomes, kept up to date by whoever records one.

What is recorded adds rows to the tables of changes, in its own transaction and without waiting for anybody; now and then these are
added up into the tables of counts. Whoever asks adds both.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, PrimaryKeyConstraint, Table, Uuid
from sqlalchemy.sql import text as sql

from shared.db.tables.base import metadata, text

NO_CAMPAIGN: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for no campaign, since what is null has no place in a key; likewise 0 for no template, and the empty text for no code."""


def _of_deliveries() -> tuple[Column[Any], ...]:
    return (
        Column("account_id", Uuid, nullable=False),
        Column("hour", DateTime(timezone=True), nullable=False),
        text("channel"),
        Column("key_id", Uuid, nullable=False),
        Column("template_id", BigInteger, nullable=False, server_default="0"),
        Column("campaign_id", Uuid, nullable=False, server_default=NO_CAMPAIGN),
        text("state"),
        text("code", server_default=""),
    )


delivery_counts = Table(
    "delivery_counts",
    metadata,
    *_of_deliveries(),
    Column("number", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "hour", "channel", "key_id", "template_id", "campaign_id", "state", "code"),
    Index("ix_delivery_counts_campaign", "campaign_id", postgresql_where=sql(f"campaign_id <> '{NO_CAMPAIGN}'")),
)
"""How many deliveries have ended in an hour, by what they were and how they ended."""

delivery_changes = Table(
    "delivery_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    *_of_deliveries(),
    Column("number", BigInteger, nullable=False),
)

send_counts = Table(
    "send_counts",
    metadata,
    Column("campaign_id", Uuid, nullable=False),
    text("state"),
    Column("number", BigInteger, nullable=False),
    PrimaryKeyConstraint("campaign_id", "state"),
)
"""How many sends of a campaign stand in each final state."""

send_changes = Table(
    "send_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("campaign_id", Uuid, nullable=False),
    text("state"),
    Column("number", BigInteger, nullable=False),
)
