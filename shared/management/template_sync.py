"""Asking for the templates of business numbers, and what is known of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.statements import templates as statements
from shared.db.tables import channel_keys
from shared.domain import template_definitions
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus
from shared.management.errors import Invalid, NotFound
from shared.management.templates import Number, Room


@dataclass(frozen=True, kw_only=True, slots=True)
class Synced:
    """How far the templates of a number are known."""

    key_id: UUID
    name: str
    """The key's."""
    synced_at: datetime | None
    """The moment as of which they are known; ``None`` before the first time."""
    due_at: datetime | None
    """When they are read next; a moment that has passed means at once."""
    error: str | None
    """What was in the way the last time: a reason code and what it says."""


_COLUMNS: Final = (
    channel_keys.c.id.label("key_id"),
    channel_keys.c.name,
    channel_keys.c.templates_synced_at.label("synced_at"),
    channel_keys.c.templates_due_at.label("due_at"),
    channel_keys.c.templates_error.label("error"),
)
_NUMBERS: Final = (channel_keys.c.channel == Channel.WABA.value, channel_keys.c.status != KeyStatus.REVOKED.value)


def ask(connection: Connection, account_id: UUID, key_id: UUID | None = None) -> list[Synced]:
    """Have the templates of an account's numbers read at once, or of one of them; to be published after the commit.

    Raises :class:`NotFound` when there is no such number, or none at all.
    """
    asked = connection.execute(statements.ask_soon, {"account_ids": [account_id], "key_id": key_id}).scalars().all()
    if not asked:
        raise NotFound("there is no such WABA key" if key_id else "the account has no WABA key")
    return [each for each in every(connection, account_id) if each.key_id in set(asked)]


def number(connection: Connection, room: Room, key_id: UUID | None, category: str | None) -> Number | None:
    """Settle the number that a template of a room is made for: the account's only one, where none is named.

    ``None`` on other channels. Raises :class:`Invalid`.
    """
    if room.channel is not Channel.WABA:
        if key_id is not None or category is not None:
            raise Invalid("category" if key_id is None else "key", "is of WABA templates only")
        return None
    if category is None:
        raise Invalid("category", f"is required, one of {', '.join(template_definitions.CATEGORIES)}")
    return Number(key_id=key_id or _only(connection, room.account_id), category=category)


def _only(connection: Connection, account_id: UUID) -> UUID:
    found = every(connection, account_id)
    if len(found) != 1:
        raise Invalid("key", f"is required: the account has {len(found)} WABA keys")
    return found[0].key_id


def every(connection: Connection, account_id: UUID) -> list[Synced]:
    """Tell of each number of an account that is not revoked, the oldest first."""
    statement = select(*_COLUMNS).where(channel_keys.c.account_id == account_id, *_NUMBERS).order_by(channel_keys.c.id)
    return [Synced(**row._mapping) for row in connection.execute(statement)]
