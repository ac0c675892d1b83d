"""What stays as fast among millions of rows.

Indexes that something reads, none of which a plan made in an empty or quiet moment takes for the primary key; and pages with room
for the later versions of their rows.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_FILLFACTORS: Final = {"sends": 80, "deliveries": 70}
_TIMED: Final = {"queued": ("queued_at", "state = 'queued'"), "leased": ("lease_until", "state = 'claimed'")}
_UNSENT: Final = sa.text("account_id IS NOT NULL AND state NOT IN ('running', 'sent')")
_KNOWN: Final = sa.text("provider_message_id IS NOT NULL")


def upgrade() -> None:
    """Apply this migration. Nothing is written to deliveries while their indexes are made anew."""
    op.drop_index("ix_sends_account_id_number", table_name="sends")
    op.create_index("ix_sends_unsent", "sends", ["account_id", "state", "id"], postgresql_where=_UNSENT)
    _replace_index("ix_deliveries_recipient", ["account_id", "address", "send_id"])
    op.drop_index("ix_deliveries_provider_message_id", table_name="deliveries")
    op.create_index(
        "ix_deliveries_provider_message_id", "deliveries", ["provider_message_id"], postgresql_using="hash", postgresql_where=_KNOWN
    )
    for name, (column, where) in _TIMED.items():
        _replace_index(f"ix_deliveries_{name}", [column], f"{where} AND {column} IS NOT NULL")
    for table, partition in _partitions():
        op.execute(f"ALTER TABLE {partition} SET (fillfactor = {_FILLFACTORS[table]})")


def downgrade() -> None:
    """Take this migration back."""
    for _, partition in _partitions():
        op.execute(f"ALTER TABLE {partition} RESET (fillfactor)")
    for name, (column, where) in _TIMED.items():
        _replace_index(f"ix_deliveries_{name}", [column], where)
    op.drop_index("ix_deliveries_provider_message_id", table_name="deliveries")
    op.create_index("ix_deliveries_provider_message_id", "deliveries", ["provider_message_id"], postgresql_where=_KNOWN)
    _replace_index("ix_deliveries_recipient", ["account_id", "address", "id"])
    op.drop_index("ix_sends_unsent", table_name="sends")
    op.create_index("ix_sends_account_id_number", "sends", ["account_id", "number"])


def _replace_index(name: str, columns: list[str], where: str | None = None) -> None:
    op.drop_index(name, table_name="deliveries")
    op.create_index(name, "deliveries", columns, postgresql_where=None if where is None else sa.text(where))


def _partitions() -> Iterator[tuple[str, str]]:
    """Give the partitions whose rows are changed, each after the name of its table."""
    found = sa.text("SELECT CAST(inhrelid AS regclass) FROM pg_inherits WHERE inhparent = to_regclass(:table)")
    for table in _FILLFACTORS:
        yield from ((table, str(name)) for name in op.get_bind().execute(found, {"table": table}).scalars())
