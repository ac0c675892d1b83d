"""Channel keys: an account's senders. Their credentials are stored encrypted and never shown again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, case, func, insert, select, update

from shared import ids, vault
from shared.db.tables import channel_keys
from shared.db.tables.channel_keys import QUOTA_PERIODS
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus, OnUnknown
from shared.management.errors import Invalid, ManagementError, NotFound

_SHOWN = 6
_LOWEST_RATE = 0.0001
"""One message in nearly three hours: the turns of a backlog stay within the times that Postgres and Redis can hold."""
_HIGHEST_RATE = 1_000_000
_HIGHEST_QUOTA = 10**15
_NO_SUCH_KEY = "there is no such channel key"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A channel key as it may be shown."""

    id: UUID
    account_id: UUID
    channel: Channel
    name: str
    token_prefix: str
    status: KeyStatus
    status_code: str | None
    """The reason code of the refusal that suspended it; ``None`` when a person did."""
    status_reason: str | None
    status_at: datetime | None
    """Since when it has its status; ``None`` when it never had another."""
    rate_per_second: float | None
    """Messages it sends in a second at the most."""
    quota_limit: int | None
    """Messages it sends in a period at the most."""
    quota_used: int
    quota_period: str | None
    """``day`` or ``month``; without one the quota is for good."""
    quota_resets_at: datetime | None
    on_unknown: OnUnknown
    created_at: datetime


_COLUMNS = (
    channel_keys.c.id,
    channel_keys.c.account_id,
    channel_keys.c.channel,
    channel_keys.c.name,
    channel_keys.c.token_prefix,
    channel_keys.c.status,
    channel_keys.c.status_code,
    channel_keys.c.status_reason,
    channel_keys.c.status_at,
    channel_keys.c.rate_per_second,
    channel_keys.c.quota_limit,
    channel_keys.c.quota_used,
    channel_keys.c.quota_period,
    channel_keys.c.quota_resets_at,
    channel_keys.c.on_unknown,
    channel_keys.c.created_at,
)


class Limits(TypedDict, total=False):
    """What of a key may be changed at any time. What is absent stays as it is; ``None`` takes a limit away."""

    rate_per_second: float | None
    quota_limit: int | None
    quota_period: str | None
    on_unknown: OnUnknown


def create(
    connection: Connection,
    account_id: UUID,
    channel: Channel,
    name: str,
    credentials: Mapping[str, Any],
    **limits: Unpack[Limits],
) -> tuple[Key, str]:
    """Create a channel key from credentials that were validated by their channel.

    The second value is the key's token, never to be seen again. Raises :class:`Invalid`.
    """
    _check(limits)
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
        **limits,
    }
    row = connection.execute(insert(channel_keys).values(values).returning(*_COLUMNS)).one()
    return _key(row._mapping), plain


def change(connection: Connection, key_id: UUID, limits: Limits) -> Key:
    """Change the limits of a key; another period of its quota begins with the next message.

    Raises :class:`NotFound` and :class:`Invalid`.
    """
    _check(limits)
    values: dict[str, Any] = {**limits, "updated_at": func.now()}
    if "quota_period" in limits:
        values["quota_resets_at"] = None
    return _update(connection, key_id, values)


def renew(connection: Connection, key_id: UUID, credentials: Mapping[str, Any]) -> Key:
    """Give a key other credentials, validated by its channel.

    From now on no refusal of the old ones counts, and a key that was suspended by a refusal is asked at once. A revoked key stays
    revoked. Raises :class:`NotFound` and :class:`Invalid`.
    """
    values = {
        "credentials": vault.get().encrypt(key_id, credentials),
        "status_at": func.now(),
        "updated_at": func.now(),
        "probe_at": case((channel_keys.c.probe_at.is_not(None), func.now())),
    }
    return _update(connection, key_id, values, channel_keys.c.status != KeyStatus.REVOKED)


def set_status(connection: Connection, key_id: UUID, status: KeyStatus, reason: str | None = None) -> Key:
    """Suspend, revoke or resume a key by a person's word; a revoked one stays revoked. Raises as :func:`renew`.

    Nobody asks a key that a person has suspended whether it can send.
    """
    values = {
        "status": status,
        "status_code": None,
        "status_reason": reason,
        "status_at": func.now(),
        "probe_at": None,
        "updated_at": func.now(),
    }
    return _update(connection, key_id, values, channel_keys.c.status.in_({status, KeyStatus.ACTIVE, KeyStatus.SUSPENDED}))


def _check(limits: Limits) -> None:
    rate, quota = limits.get("rate_per_second"), limits.get("quota_limit")
    if rate is not None and not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise Invalid("rate", f"must be from {_LOWEST_RATE} to {_HIGHEST_RATE}")
    if quota is not None and not 0 <= quota <= _HIGHEST_QUOTA:
        raise Invalid("quota", f"must be from 0 to {_HIGHEST_QUOTA}")
    if limits.get("quota_period") not in {None, *QUOTA_PERIODS}:
        raise Invalid("quota_period", f"must be one of {', '.join(QUOTA_PERIODS)}")


def _update(connection: Connection, key_id: UUID, values: Mapping[str, Any], *conditions: ColumnElement[bool]) -> Key:
    statement = update(channel_keys).where(channel_keys.c.id == key_id, *conditions).values(values).returning(*_COLUMNS)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _unchanged(connection, key_id)
    return _key(row._mapping)


def _unchanged(connection: Connection, key_id: UUID) -> ManagementError:
    exists = connection.execute(select(channel_keys.c.id).where(channel_keys.c.id == key_id)).one_or_none()
    return Invalid("status", "a revoked key stays revoked") if exists else NotFound(_NO_SUCH_KEY)


def find(connection: Connection, key_id: UUID) -> Key:
    """Find a channel key. Raises :class:`NotFound`."""
    row = connection.execute(select(*_COLUMNS).where(channel_keys.c.id == key_id)).one_or_none()
    if row is None:
        raise NotFound(_NO_SUCH_KEY)
    return _key(row._mapping)


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
