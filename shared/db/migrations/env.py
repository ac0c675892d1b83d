"""Alembic's entry: migrations run on the connection they are handed, in its transaction."""

from alembic import context
from sqlalchemy.schema import SchemaItem

from shared.db.tables import metadata


def _include(_item: SchemaItem, name: str | None, kind: str, reflected: bool, compared: SchemaItem | None) -> bool:  # noqa: FBT001 - Alembic's signature.
    """Leave out the weekly partitions, which no migration names."""
    return not (kind == "table" and reflected and compared is None and name is not None and name not in metadata.tables)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=_include,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
