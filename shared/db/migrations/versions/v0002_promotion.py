"""Scheduled sends remember that their first tier was handed to the queue."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this migration."""
    op.add_column("sends", sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_sends_due", table_name="sends")
    _create_index("state = 'scheduled' AND promoted_at IS NULL")


def downgrade() -> None:
    """Take this migration back."""
    op.drop_index("ix_sends_due", table_name="sends")
    _create_index("state = 'scheduled'")
    op.drop_column("sends", "promoted_at")


def _create_index(where: str) -> None:
    op.create_index("ix_sends_due", "sends", ["schedule_at"], unique=False, postgresql_where=sa.text(where))
