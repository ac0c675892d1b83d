"""Sends, their deliveries, the attempts at them, and what else happened to them: the partitioned tables of the hot path."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import text as sql

from shared.db.tables.base import document, maybe_text, metadata, moment, now, one_of, text
from shared.domain.channels import Channel
from shared.domain.states import DeliveryState, SendState

DIALECTS = ("kirisan", "kirim", "kanal", "campaign")
RECEIPTS = ("sent", "delivered", "read", "failed")

send_numbers = Sequence("send_numbers", metadata=metadata)

sends = Table(
    "sends",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False, server_default=send_numbers.next_value()),
    text("dialect"),
    text("state"),
    Column("tier", SmallInteger, nullable=False, server_default="0"),
    Column("channels", ARRAY(Text), nullable=False),
    document("variables", default="{}"),
    moment("schedule_at"),
    moment("promoted_at"),
    moment("expires_at"),
    Column("token_id", Uuid),
    Column("campaign_id", Uuid),
    maybe_text("request_id"),
    maybe_text("traceparent"),
    maybe_text("waiter"),
    document("until"),
    now("created_at"),
    moment("ended_at"),
    PrimaryKeyConstraint("id"),
    one_of("dialect", DIALECTS),
    one_of("state", SendState),
    Index(None, "account_id", "id"),
    Index(
        "ix_sends_unsent",
        "account_id",
        "state",
        "id",
        postgresql_where=sql("account_id IS NOT NULL AND state NOT IN ('running', 'sent')"),
    ),
    Index("ix_sends_due", "schedule_at", postgresql_where=sql("state = 'scheduled' AND promoted_at IS NULL")),
    Index("ix_sends_running", "id", postgresql_where=sql("state = 'running'")),
    Index("ix_sends_campaign_id", "campaign_id", "id", postgresql_where=sql("campaign_id IS NOT NULL")),
    Index(
        "ix_sends_campaign_open",
        "campaign_id",
        "id",
        postgresql_where=sql("campaign_id IS NOT NULL AND state IN ('running', 'scheduled')"),
    ),
    postgresql_partition_by="RANGE (id)",
)

"""Few of an account's sends have failed or wait, and those that ask for them do so by account. Others, which ask for a scheduled
send by its id, must not be offered that index, so it wants an account asked for."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("send_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    text("channel"),
    Column("tier", SmallInteger, nullable=False),
    Column("fallback", Boolean, nullable=False),
    Column("key_id", Uuid, nullable=False),
    maybe_text("target"),
    maybe_text("address"),
    Column("template_id", BigInteger),
    document("content"),
    text("state"),
    Column("held", Boolean, nullable=False, server_default="false"),
    maybe_text("code"),
    maybe_text("reason"),
    document("detail"),
    maybe_text("provider_message_id"),
    text("queue", server_default="send"),
    Column("campaign_id", Uuid),
    moment("queued_at"),
    moment("not_before"),
    moment("published_at"),
    Column("paced", Boolean, nullable=False, server_default="false"),
    Column("claim_id", Uuid),
    moment("claimed_at"),
    moment("lease_until"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("failures", SmallInteger, nullable=False, server_default="0"),
    Column("processing_ms", Integer),
    moment("ended_at"),
    moment("resolve_at"),
    moment("confirm_by"),
    maybe_text("receipt"),
    moment("receipt_at"),
    PrimaryKeyConstraint("id"),
    one_of("channel", Channel),
    one_of("state", DeliveryState),
    one_of("receipt", RECEIPTS),
    Index("ix_deliveries_recipient", "account_id", "address", "send_id"),
    Index("ix_deliveries_queued", "queued_at", postgresql_where=sql("state = 'queued' AND queued_at IS NOT NULL")),
    Index("ix_deliveries_deferred", "not_before", postgresql_where=sql("state = 'queued' AND published_at IS NULL")),
    Index("ix_deliveries_resolve", "resolve_at", postgresql_where=sql("resolve_at IS NOT NULL")),
    Index("ix_deliveries_confirm", "confirm_by", postgresql_where=sql("confirm_by IS NOT NULL")),
    Index("ix_deliveries_leased", "lease_until", postgresql_where=sql("state = 'claimed' AND lease_until IS NOT NULL")),
    Index(
        "ix_deliveries_provider_message_id",
        "provider_message_id",
        postgresql_using="hash",
        postgresql_where=sql("provider_message_id IS NOT NULL"),
    ),
    Index("ix_deliveries_held", "id", postgresql_where=sql("held")),
    Index(
        "ix_deliveries_campaign_open",
        "campaign_id",
        postgresql_where=sql("campaign_id IS NOT NULL AND state IN ('queued', 'claimed')"),
    ),
    postgresql_partition_by="RANGE (id)",
)
"""What finds its deliveries by their ids may ask for a state besides. The statistics of a quiet moment promise that hardly any is
in it: an index of all that are would be taken instead, and each claim would read it whole. So the indexes by time want a time asked
for."""

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Uuid, nullable=False),
    Column("claim_id", Uuid, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    text("outcome"),
    maybe_text("code"),
    Column("provider_status", Integer),
    maybe_text("provider_code"),
    maybe_text("request"),
    maybe_text("worker"),
    PrimaryKeyConstraint("delivery_id", "claim_id"),
    one_of("outcome", ("sent", "not_sent", "unknown")),
    postgresql_partition_by="RANGE (delivery_id)",
)

events = Table(
    "events",
    metadata,
    Column("send_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("delivery_id", Uuid),
    now("at"),
    text("kind"),
    document("data"),
    PrimaryKeyConstraint("send_id", "id"),
    postgresql_partition_by="RANGE (send_id)",
)

PARTITIONED = (sends, deliveries, attempts, events)

FILLFACTORS = {sends.name: 80, deliveries.name: 70}
"""Percent of a page that new rows fill. A row is changed two or three times soon after it came: its later versions then find room
beside it, which takes less log and touches no other page. Rows of the other two tables never change."""
