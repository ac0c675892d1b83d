"""What faults need: paced and unresolved deliveries, keys that are probed and have periods of quota, and the quarantine."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this migration."""
    op.add_column("deliveries", sa.Column("paced", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("deliveries", sa.Column("resolve_at", sa.DateTime(timezone=True), nullable=True))
    _create_index("deliveries", "deferred", "not_before", "state = 'queued' AND published_at IS NULL")
    _create_index("deliveries", "resolve", "resolve_at", "resolve_at IS NOT NULL")
    op.add_column("channel_keys", sa.Column("quota_period", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_channel_keys_quota_period"), "channel_keys", "quota_period IN ('day', 'month')")
    _create_index("channel_keys", "probe", "probe_at", "status = 'suspended'")
    op.create_table(
        "quarantine",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("step IN ('claim', 'prepare', 'call', 'record')", name=op.f("ck_quarantine_step")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_at"), "quarantine", ["at"], unique=False)


def downgrade() -> None:
    """Take this migration back."""
    op.drop_table("quarantine")
    op.drop_index("ix_channel_keys_probe", table_name="channel_keys")
    op.drop_column("channel_keys", "quota_period")
    op.drop_index("ix_deliveries_resolve", table_name="deliveries")
    op.drop_index("ix_deliveries_deferred", table_name="deliveries")
    op.drop_column("deliveries", "resolve_at")
    op.drop_column("deliveries", "paced")


def _create_index(table: str, name: str, column: str, where: str) -> None:
    op.create_index(f"ix_{table}_{name}", table, [column], unique=False, postgresql_where=sa.text(where))
