"""The templates of WhatsApp Business as Meta knows them: by the name and language in their definition; no drafts."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.tables import templates
from shared.domain.channels import Channel
from shared.domain.content import JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class MetaTemplate:
    """A template in one language."""

    id: int
    name: str
    """Meta's; what people call it here is another matter."""
    language: str
    category: str | None
    """``MARKETING``, ``UTILITY`` or ``AUTHENTICATION``, where Meta has told."""
    status: str
    """``pending``, ``approved`` or ``rejected``."""
    active: bool
    components: list[JsonObject]

    @property
    def sendable(self) -> bool:
        """Whether it is approved and switched on."""
        return self.status == "approved" and self.active


_NAME: Final = templates.c.body["name"].as_string()
_LANGUAGE: Final = templates.c.body["language"].as_string()
_SELECT: Final = (
    select(
        templates.c.id,
        _NAME.label("name"),
        _LANGUAGE.label("language"),
        templates.c.category,
        templates.c.status,
        templates.c.active,
        templates.c.body["components"].label("components"),
    )
    .where(templates.c.channel == Channel.WABA.value, templates.c.status != "draft")
    .order_by(templates.c.id.desc())
)


def named(connection: Connection, account_id: UUID, name: str) -> list[MetaTemplate]:
    """Read the templates of a name, one or more for each language, the newest first."""
    return _read(connection, _SELECT.where(templates.c.account_id == account_id, name == _NAME))


def page(
    connection: Connection, account_id: UUID, status: str | None, limit: int, before_id: int | None = None
) -> list[MetaTemplate]:
    """Read at most ``limit`` templates, the newest first, of one status and below an id where they are given."""
    statement = _SELECT.where(templates.c.account_id == account_id)
    if status is not None:
        statement = statement.where(templates.c.status == status)
    if before_id is not None:
        statement = statement.where(templates.c.id < before_id)
    return _read(connection, statement.limit(limit))


def _read(connection: Connection, statement: Any) -> list[MetaTemplate]:
    return [MetaTemplate(**row._mapping) for row in connection.execute(statement)]
