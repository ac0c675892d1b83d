"""What the tables share: naming of constraints, and the columns that recur."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, MetaData, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


def identifier() -> Column[UUID]:
    """A primary key that antar makes itself."""
    return Column("id", Uuid, primary_key=True)


def account() -> Column[UUID]:
    """The account a row belongs to."""
    return Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False)


def moment(name: str) -> Column[datetime | None]:
    """A point in time that may not have come."""
    return Column(name, DateTime(timezone=True))


def now(name: str) -> Column[datetime]:
    """A point in time: by default the transaction's, by the database's clock."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def document(name: str, *, default: str | None = None) -> Column[Any]:
    """A JSON document."""
    return Column(name, JSONB(none_as_null=True), nullable=default is None, server_default=default)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A check that a text column holds one of a closed list."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def text(name: str, **options: Any) -> Column[str]:
    """A text that is always there."""
    return Column(name, Text, nullable=False, **options)


def maybe_text(name: str) -> Column[str | None]:
    """A text that may be absent."""
    return Column(name, Text)
