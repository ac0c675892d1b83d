"""Channel keys: an account's senders. Their credentials are stored encrypted and never shown again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from shared import ids, vault
from shared.db.tables import channel_keys
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus, OnUnknown
from shared.management.errors import Invalid, ManagementError, NotFound

_SHOWN = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A channel key as it may be shown."""

    id: UUID
    account_id: UUID
    channel: Channel
    name: str
    token_prefix: str
    status: KeyStatus
    status_reason: str | None
    on_unknown: OnUnknown
    created_at: datetime


_COLUMNS = (
    channel_keys.c.id,
    channel_keys.c.account_id,
    channel_keys.c.channel,
    channel_keys.c.name,
    channel_keys.c.token_prefix,
    channel_keys.c.status,
    channel_keys.c.status_reason,
    channel_keys.c.on_unknown,
    channel_keys.c.created_at,
)


def create(
    connection: Connection,
    account_id: UUID,
    channel: Channel,
    name: str,
    credentials: Mapping[str, Any],
    *,
    on_unknown: OnUnknown = OnUnknown.NEXT_TIER,
) -> tuple[Key, str]:
    """Create a channel key from credentials that were validated by their channel.

    The second value is the key's token, never to be seen again. Raises :class:`Invalid`.
    """
    if not name.strip():
        raise Invalid("name", "must not be empty")
    identifier = ids.new()
    plain = vault.new_token()
    values = {
        "id": identifier,
        "account_id": account_id,
        "channel": channel,
        "name": name.strip(),
        "token_hash": vault.token_hash(plain),
        "token_prefix": plain[:_SHOWN],
        "credentials": vault.get().encrypt(identifier, credentials),
        "on_unknown": on_unknown,
    }
    row = connection.execute(insert(channel_keys).values(values).returning(*_COLUMNS)).one()
    return _key(row._mapping), plain


def set_status(connection: Connection, key_id: UUID, status: KeyStatus, reason: str | None = None) -> Key:
    """Suspend, revoke or resume a key; a revoked one stays revoked. Raises :class:`NotFound` and :class:`Invalid`."""
    values = {"status": status, "status_code": None, "status_reason": reason, "status_at": func.now(), "updated_at": func.now()}
    changeable = channel_keys.c.status.in_({status, KeyStatus.ACTIVE, KeyStatus.SUSPENDED})
    statement = update(channel_keys).where(channel_keys.c.id == key_id, changeable).values(values).returning(*_COLUMNS)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _unchanged(connection, key_id)
    return _key(row._mapping)


def _unchanged(connection: Connection, key_id: UUID) -> ManagementError:
    exists = connection.execute(select(channel_keys.c.id).where(channel_keys.c.id == key_id)).one_or_none()
    return Invalid("status", "a revoked key stays revoked") if exists else NotFound("there is no such channel key")


def every(connection: Connection, account_id: UUID) -> list[Key]:
    """List an account's channel keys, the oldest first."""
    statement = select(*_COLUMNS).where(channel_keys.c.account_id == account_id).order_by(channel_keys.c.id)
    return [_key(row._mapping) for row in connection.execute(statement)]


def _key(row: Mapping[Any, Any]) -> Key:
    return Key(
        **{
            **row,
            "channel": Channel(row["channel"]),
            "status": KeyStatus(row["status"]),
            "on_unknown": OnUnknown(row["on_unknown"]),
        }
    )
