"""The trace that a send belongs to, so that it outlives the process that took the request."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this migration."""
    op.add_column("sends", sa.Column("traceparent", sa.Text))


def downgrade() -> None:
    """Take this migration back."""
    op.drop_column("sends", "traceparent")
