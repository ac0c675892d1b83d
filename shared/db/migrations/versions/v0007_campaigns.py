"""Campaigns as they are run, the rows of their files, and counts of outcomes.

Nothing has ever written to the tables of campaigns that the first schema made, so that they are made anew.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_CAMPAIGN_STATES: Final = ("draft", "importing", "scheduled", "running", "paused", "completed", "cancelled", "failed")
_RECIPIENT_STATES: Final = ("pending", "deferred", "taken", "refused", "duplicate")
_FORMER_CAMPAIGN_STATES: Final = ("draft", "scheduled", "running", "paused", "completed", "cancelled", "failed")
_FORMER_RECIPIENT_STATES: Final = ("pending", "taken", "refused", "skipped")
_TEMPLATE_STATUSES: Final = ("draft", "pending", "approved", "rejected")
_TEMPLATE_COLUMNS: Final = (
    ("templates_due_at", sa.DateTime(timezone=True)),
    ("templates_synced_at", sa.DateTime(timezone=True)),
    ("templates_error", sa.Text()),
)
_LISTED: Final = ("contacts", "suppressions")
"""Tables whose rows customers list, the newest first."""
_NO_CAMPAIGN: Final = "00000000-0000-0000-0000-000000000000"
_COUNT_WHAT_HAS_ENDED: Final = f"""
    INSERT INTO delivery_counts (account_id, hour, channel, key_id, template_id, campaign_id, state, code, number)
    SELECT account_id, date_trunc('hour', ended_at, 'UTC'), channel, key_id, coalesce(template_id, 0), '{_NO_CAMPAIGN}', state,
           coalesce(code, ''), count(*)
      FROM deliveries WHERE state IN ('sent', 'failed', 'unknown', 'cancelled') AND ended_at IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5, 7, 8
"""  # noqa: S608 - a constant.


def upgrade() -> None:
    """Apply this migration."""
    op.drop_table("campaign_recipients")
    op.drop_table("campaigns")
    _create_campaigns()
    _create_recipients()
    _create_counts()
    op.add_column("deliveries", sa.Column("campaign_id", sa.Uuid))
    op.create_index(
        "ix_deliveries_campaign_open",
        "deliveries",
        ["campaign_id"],
        postgresql_where=sa.text("campaign_id IS NOT NULL AND state IN ('queued', 'claimed')"),
    )
    op.execute(_COUNT_WHAT_HAS_ENDED)
    for name, kind in _TEMPLATE_COLUMNS:
        op.add_column("channel_keys", sa.Column(name, kind))
    op.create_index(
        "ix_sends_campaign_open",
        "sends",
        ["campaign_id", "id"],
        postgresql_where=sa.text("campaign_id IS NOT NULL AND state IN ('running', 'scheduled')"),
    )
    _allow_template_statuses(_TEMPLATE_STATUSES)
    _let_deleted_files_be_uploaded_again()
    for table in _LISTED:
        op.create_index(f"ix_{table}_newest", table, ["account_id", "id"])


def downgrade() -> None:
    """Take this migration back, with every campaign and every deleted file."""
    _let_no_file_be_uploaded_again()
    op.execute("UPDATE templates SET status = 'pending' WHERE status = 'draft'")
    _allow_template_statuses(_TEMPLATE_STATUSES[1:])
    op.drop_index("ix_sends_campaign_open", table_name="sends")
    for name, _ in reversed(_TEMPLATE_COLUMNS):
        op.drop_column("channel_keys", name)
    op.drop_column("deliveries", "campaign_id")
    for table in _LISTED:
        op.drop_index(f"ix_{table}_newest", table_name=table)
    for table in ("send_changes", "send_counts", "delivery_changes", "delivery_counts", "campaign_recipients", "campaigns"):
        op.drop_table(table)
    _create_former_campaigns()


def _create_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="draft"),
        sa.Column("state_reason", sa.Text),
        _document("plan"),
        _document("mapping"),
        *(sa.Column(name, sa.Text) for name in ("source", "source_name", "source_format")),
        sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"),
        sa.Column("quiet_from", sa.Time),
        sa.Column("quiet_until", sa.Time),
        sa.Column("rate_per_second", sa.Double),
        _moment("schedule_at"),
        sa.Column("recurrence", sa.Text),
        sa.Column("parent_id", sa.Uuid, sa.ForeignKey("campaigns.id")),
        _moment("occurs_at"),
        *(_number(name) for name in ("rows", "refused", "duplicates", "position", "fed")),
        _moment("fed_at"),
        sa.Column("credit", sa.Double, nullable=False, server_default="0"),
        _now("created_at"),
        _now("updated_at"),
        *(_moment(name) for name in ("started_at", "paused_at", "ended_at")),
        sa.Column("paused_seconds", sa.Double, nullable=False, server_default="0"),
        _one_of("state", _CAMPAIGN_STATES),
        sa.UniqueConstraint("parent_id", "occurs_at"),
    )
    op.create_index(None, "campaigns", ["account_id", "id"])
    busy = sa.text("state IN ('importing', 'scheduled', 'running') OR state = 'cancelled' AND ended_at IS NULL")
    op.create_index("ix_campaigns_state", "campaigns", ["state", "id"], postgresql_where=busy)


def _create_recipients() -> None:
    op.create_table(
        "campaign_recipients",
        sa.Column("campaign_id", sa.Uuid, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        _document("targets"),
        _document("addresses"),
        sa.Column("fingerprint", sa.BigInteger),
        _document("variables"),
        sa.Column("time_zone", sa.Text),
        _moment("due_at"),
        sa.Column("send_id", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("campaign_id", "position"),
        _one_of("state", _RECIPIENT_STATES),
    )
    op.create_index(
        "ix_campaign_recipients_deferred",
        "campaign_recipients",
        ["campaign_id", "due_at", "position"],
        postgresql_where=sa.text("state = 'deferred'"),
    )


def _create_counts() -> None:
    op.create_table("delivery_counts", *_of_deliveries(), _counted(), sa.PrimaryKeyConstraint(*(c.name for c in _of_deliveries())))
    of_campaign = sa.text(f"campaign_id <> '{_NO_CAMPAIGN}'")
    op.create_index("ix_delivery_counts_campaign", "delivery_counts", ["campaign_id"], postgresql_where=of_campaign)
    op.create_table("delivery_changes", _identity(), *_of_deliveries(), _counted())
    op.create_table("send_counts", *_of_sends(), _counted(), sa.PrimaryKeyConstraint("campaign_id", "state"))
    op.create_table("send_changes", _identity(), *_of_sends(), _counted())


def _of_deliveries() -> list[sa.Column[Any]]:
    return [
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("template_id", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("campaign_id", sa.Uuid, nullable=False, server_default=_NO_CAMPAIGN),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False, server_default=""),
    ]


def _of_sends() -> list[sa.Column[Any]]:
    return [sa.Column("campaign_id", sa.Uuid, nullable=False), sa.Column("state", sa.Text, nullable=False)]


def _create_former_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="draft"),
        _document("plan"),
        _document("options"),
        sa.Column("rate_per_second", sa.Float),
        _number("total"),
        _number("position"),
        _moment("schedule_at"),
        sa.Column("recurrence", sa.Text),
        _now("created_at"),
        _moment("started_at"),
        _moment("ended_at"),
        _one_of("state", _FORMER_CAMPAIGN_STATES),
    )
    op.create_index(None, "campaigns", ["account_id", "id"])
    op.create_table(
        "campaign_recipients",
        sa.Column("campaign_id", sa.Uuid, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        _document("targets"),
        _document("variables"),
        sa.Column("send_id", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("campaign_id", "position"),
        _one_of("state", _FORMER_RECIPIENT_STATES),
    )


def _let_deleted_files_be_uploaded_again() -> None:
    op.drop_constraint(op.f("uq_files_account_id_sha256_name"), "files")
    op.drop_index(op.f("ix_files_account_id_created_at"), table_name="files")
    live, deleted = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL")
    op.create_index("uq_files_live", "files", ["account_id", "sha256", "name"], unique=True, postgresql_where=live)
    op.create_index("ix_files_location", "files", ["location"], postgresql_where=live)
    op.create_index("ix_files_deleted_at", "files", ["deleted_at"], postgresql_where=deleted)
    op.create_index(None, "files", ["account_id", "id"])


def _let_no_file_be_uploaded_again() -> None:
    op.execute("DELETE FROM files WHERE deleted_at IS NOT NULL")
    for name in (op.f("ix_files_account_id_id"), "ix_files_deleted_at", "ix_files_location", "uq_files_live"):
        op.drop_index(name, table_name="files")
    op.create_index(None, "files", ["account_id", "created_at"])
    op.create_unique_constraint(None, "files", ["account_id", "sha256", "name"])


def _allow_template_statuses(statuses: Sequence[str]) -> None:
    op.drop_constraint(op.f("ck_templates_status"), "templates")
    op.create_check_constraint(op.f("ck_templates_status"), "templates", _in("status", statuses))


def _one_of(column: str, values: Sequence[str]) -> sa.CheckConstraint:
    return sa.CheckConstraint(_in(column, values), name=column)


def _in(column: str, values: Sequence[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


def _document(name: str) -> sa.Column[Any]:
    return sa.Column(name, JSONB(none_as_null=True), nullable=False, server_default="{}")


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _counted() -> sa.Column[int]:
    return sa.Column("number", sa.BigInteger, nullable=False)


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)
