"""What people and providers say afterwards: confirmations, conversations, opting in, and webhooks to customers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_SENT = "provider IN ('waba')"
_HEARD = "provider IN ('waba', 'waha', 'gowa', 'telegram')"


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply this migration."""
    op.add_column("deliveries", _moment("confirm_by"))
    op.create_index("ix_deliveries_confirm", "deliveries", ["confirm_by"], postgresql_where=sa.text("confirm_by IS NOT NULL"))
    op.create_table(
        "conversations",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _moment("last_inbound_at", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_conversations_account_id")),
        sa.ForeignKeyConstraint(["key_id"], ["channel_keys.id"], name=op.f("fk_conversations_key_id")),
        sa.PrimaryKeyConstraint("key_id", "address", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_account_id_address"), "conversations", ["account_id", "address"], unique=False)
    op.drop_column("contacts", "last_inbound_at")
    op.add_column("contacts", _moment("opted_in_at"))
    op.add_column("channel_keys", sa.Column("provider_id", sa.Text(), nullable=True))
    op.add_column("api_tokens", sa.Column("last4", sa.Text(), nullable=True))
    op.add_column("api_tokens", sa.Column("label", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_inbox_provider"), "inbox", type_="check")
    op.create_check_constraint(op.f("ck_inbox_provider"), "inbox", _HEARD)
    op.add_column("inbox", _moment("tried_at"))
    op.create_index(op.f("ix_inbox_key_id"), "inbox", ["key_id"], unique=False)
    op.add_column("webhook_subscriptions", sa.Column("status_reason", sa.Text(), nullable=True))
    op.add_column("webhook_subscriptions", _moment("deleted_at"))
    op.alter_column("webhook_deliveries", "body", type_=sa.JSON(), server_default=None, postgresql_using="body::json")
    op.add_column("webhook_deliveries", sa.Column("dedupe", sa.Text(), nullable=False))
    op.add_column(
        "webhook_deliveries",
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_unique_constraint(
        op.f("uq_webhook_deliveries_subscription_id_dedupe"), "webhook_deliveries", ["subscription_id", "dedupe"]
    )
    op.create_check_constraint(op.f("ck_webhook_deliveries_source"), "webhook_deliveries", "source IN ('meta', 'kirim')")
    op.create_index(op.f("ix_webhook_deliveries_created_at"), "webhook_deliveries", ["created_at"], unique=False)
    op.drop_index(op.f("ix_webhook_deliveries_subscription_id_id"), table_name="webhook_deliveries")
    op.create_index(
        op.f("ix_webhook_deliveries_account_id_state_id"), "webhook_deliveries", ["account_id", "state", "id"], unique=False
    )
    op.drop_index("ix_webhook_deliveries_due", table_name="webhook_deliveries")
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["subscription_id", "next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Take this migration back; what people have said since is forgotten."""
    op.drop_index("ix_webhook_deliveries_due", table_name="webhook_deliveries")
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["next_attempt_at"], postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index(op.f("ix_webhook_deliveries_account_id_state_id"), table_name="webhook_deliveries")
    op.create_index(op.f("ix_webhook_deliveries_subscription_id_id"), "webhook_deliveries", ["subscription_id", "id"], unique=False)
    op.drop_index(op.f("ix_webhook_deliveries_created_at"), table_name="webhook_deliveries")
    op.drop_constraint(op.f("ck_webhook_deliveries_source"), "webhook_deliveries", type_="check")
    op.drop_constraint(op.f("uq_webhook_deliveries_subscription_id_dedupe"), "webhook_deliveries", type_="unique")
    op.drop_column("webhook_deliveries", "published_at")
    op.drop_column("webhook_deliveries", "dedupe")
    op.alter_column(
        "webhook_deliveries", "body", type_=postgresql.JSONB(), server_default=sa.text("'{}'"), postgresql_using="body::jsonb"
    )
    op.drop_column("webhook_subscriptions", "deleted_at")
    op.drop_column("webhook_subscriptions", "status_reason")
    op.drop_index(op.f("ix_inbox_key_id"), table_name="inbox")
    op.drop_column("inbox", "tried_at")
    op.drop_constraint(op.f("ck_inbox_provider"), "inbox", type_="check")
    op.execute("DELETE FROM inbox WHERE provider <> 'waba'")
    op.create_check_constraint(op.f("ck_inbox_provider"), "inbox", _SENT)
    op.drop_column("api_tokens", "label")
    op.drop_column("api_tokens", "last4")
    op.drop_column("channel_keys", "provider_id")
    op.drop_column("contacts", "opted_in_at")
    op.add_column("contacts", _moment("last_inbound_at"))
    op.drop_table("conversations")
    op.drop_index("ix_deliveries_confirm", table_name="deliveries")
    op.drop_column("deliveries", "confirm_by")
