"""The WABA templates that an API key can send: the account's own, but no drafts, and not those of a number it is not bound to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, or_, select

from api.auth import Caller
from shared.db import engine
from shared.db.tables import templates
from shared.domain.channels import Channel
from shared.domain.content import WabaTemplate

_IDS: Final = range(1, 1 << 63)


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A stored template."""

    id: int
    name: str
    key_id: UUID | None
    """The number it belongs to; ``None`` for one that any number of the account may send."""
    status: str
    """``pending``, ``approved`` or ``rejected``."""
    active: bool
    body: WabaTemplate
    created_at: datetime
    updated_at: datetime


_COLUMNS: Final = tuple(templates.c[name] for name in Template.__dataclass_fields__)


def find(caller: Caller, template_id: int) -> Template | None:
    """Find a template by its id; ``None`` when there is none, or it is another's."""
    if template_id not in _IDS:
        return None
    return next(iter(_read(_own(caller).where(templates.c.id == template_id))), None)


def sendable(caller: Caller) -> list[Template]:
    """List the approved, active templates, the oldest first."""
    return _read(_own(caller).where(templates.c.status == "approved", templates.c.active).order_by(templates.c.id))


def _own(caller: Caller) -> Select[Any]:
    mine = (templates.c.account_id == caller.account_id, templates.c.channel == Channel.WABA, templates.c.status != "draft")
    own = select(*_COLUMNS).where(*mine)
    if caller.bound_key_id is None:
        return own
    return own.where(or_(templates.c.key_id.is_(None), templates.c.key_id == caller.bound_key_id))


def _read(statement: Select[Any]) -> list[Template]:
    with engine.get().connect() as connection:
        return [_template(row._mapping) for row in connection.execute(statement)]


def _template(row: Mapping[Any, Any]) -> Template:
    return Template(**{**row, "body": WabaTemplate.model_validate(row["body"])})
