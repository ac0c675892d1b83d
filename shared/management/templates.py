"""Templates: created, reviewed, switched on and off. Only an approved and active one is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, func, insert, select, update

from shared.db.tables import templates
from shared.domain import content
from shared.domain.channels import Channel
from shared.management.errors import Invalid, NotFound, invalid

_MAX_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A template of an account."""

    id: int
    account_id: UUID
    channel: Channel
    name: str
    language: str | None
    status: str
    """``pending``, ``approved`` or ``rejected``."""
    active: bool
    created_at: datetime


_COLUMNS = (
    templates.c.id,
    templates.c.account_id,
    templates.c.channel,
    templates.c.name,
    templates.c.language,
    templates.c.status,
    templates.c.active,
    templates.c.created_at,
)


def create(
    connection: Connection,
    account_id: UUID,
    channel: Channel,
    name: str,
    body: Mapping[str, Any],
    *,
    language: str | None = None,
) -> Template:
    """Create a template that waits for its review. Raises :class:`Invalid` naming the field of ``body`` that is wrong."""
    if not name.strip():
        raise Invalid("name", "must not be empty")
    try:
        parsed = content.parse_template(channel, body)
    except ValidationError as error:
        raise invalid(error, "body") from error
    values = {
        "account_id": account_id,
        "channel": channel,
        "name": name.strip(),
        "language": language or getattr(parsed, "language", None),
        "body": content.dump(parsed),
    }
    row = connection.execute(insert(templates).values(values).returning(*_COLUMNS)).one()
    return _template(row._mapping)


def approve(connection: Connection, template_id: int) -> Template:
    """Let a template be sent."""
    return _change(connection, template_id, status="approved", status_reason=None)


def reject(connection: Connection, template_id: int, reason: str | None = None) -> Template:
    """Keep a template from being sent, with a reason for its author."""
    return _change(connection, template_id, status="rejected", status_reason=reason)


def activate(connection: Connection, template_id: int) -> Template:
    """Switch a template on."""
    return _change(connection, template_id, active=True)


def deactivate(connection: Connection, template_id: int) -> Template:
    """Switch a template off; its review stands."""
    return _change(connection, template_id, active=False)


def every(connection: Connection, account_id: UUID) -> list[Template]:
    """List an account's templates, the oldest first."""
    statement = select(*_COLUMNS).where(templates.c.account_id == account_id).order_by(templates.c.id)
    return [_template(row._mapping) for row in connection.execute(statement)]


def _change(connection: Connection, template_id: int, **values: Any) -> Template:
    if not 0 < template_id <= _MAX_ID:
        raise NotFound(f"there is no template {template_id}")
    statement = update(templates).where(templates.c.id == template_id).values(**values, updated_at=func.now()).returning(*_COLUMNS)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound(f"there is no template {template_id}")
    return _template(row._mapping)


def _template(row: Mapping[Any, Any]) -> Template:
    return Template(**{**row, "channel": Channel(row["channel"])})
