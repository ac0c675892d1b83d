"""Channel keys: an account's senders. Their credentials are stored encrypted and never shown again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, case, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from shared import ids, vault
from shared.db.tables import channel_keys
from shared.db.tables.channel_keys import QUOTA_PERIODS
from shared.domain import key_settings, targets
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus, OnUnknown
from shared.management.errors import Invalid, ManagementError, NotFound, TooLate

_SHOWN = 6
LOWEST_RATE = 0.0001
"""One message in nearly three hours: the turns of a backlog stay within the times that Postgres and Redis can hold."""
HIGHEST_RATE = 1_000_000
HIGHEST_QUOTA = 10**15
_SETTINGS = frozenset({key_settings.WINDOW, key_settings.LATE_FALLBACK})
_NO_SUCH_KEY = "there is no such channel key"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A channel key as it may be shown."""

    id: UUID
    account_id: UUID
    channel: Channel
    name: str
    token_prefix: str
    sender: str | None
    """The number it sends from, in digits, where somebody has told it."""
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
    settings: Mapping[str, Any]
    """See :mod:`shared.domain.key_settings`."""
    created_at: datetime


_COLUMNS = (
    channel_keys.c.id,
    channel_keys.c.account_id,
    channel_keys.c.channel,
    channel_keys.c.name,
    channel_keys.c.token_prefix,
    channel_keys.c.sender,
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
    channel_keys.c.settings,
    channel_keys.c.created_at,
)


class Limits(TypedDict, total=False):
    """What of a key may be changed at any time. What is absent stays as it is; ``None`` takes a limit away."""

    sender: str | None
    window: str | None
    late_fallback: bool | None
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
    identifier = ids.new()
    plain = vault.new_token()
    values = {
        "id": identifier,
        "account_id": account_id,
        "channel": channel,
        "name": _name(name),
        **_token(plain),
        "credentials": vault.get().encrypt(identifier, credentials),
        "provider_id": _provider_id(channel, credentials),
        "settings": {name: value for name, value in _settings(limits).items() if value is not None},
        **_stored(limits),
    }
    row = connection.execute(insert(channel_keys).values(values).returning(*_COLUMNS)).one()
    return _key(row._mapping), plain


def change(connection: Connection, key_id: UUID, limits: Limits, name: str | None = None) -> Key:
    """Change the limits of a key, and its name where one is given; another period of its quota begins with the next message.

    Raises :class:`NotFound` and :class:`Invalid`.
    """
    _check(limits)
    values: dict[str, Any] = {**_stored(limits), "updated_at": func.now()}
    if settings := _settings(limits):
        changed = channel_keys.c.settings.op("||")(literal(settings, JSONB))
        values["settings"] = func.jsonb_strip_nulls(changed)
    if "quota_period" in limits:
        values["quota_resets_at"] = None
    if name is not None:
        values["name"] = _name(name)
    return _update(connection, key_id, values)


def renew(connection: Connection, key_id: UUID, credentials: Mapping[str, Any]) -> Key:
    """Give a key other credentials, validated by its channel.

    From now on no refusal of the old ones counts, and a key that was suspended by a refusal is asked at once. A revoked key stays
    revoked. Raises :class:`NotFound` and :class:`TooLate`.
    """
    values = {
        "credentials": vault.get().encrypt(key_id, credentials),
        "provider_id": _provider_id(find(connection, key_id).channel, credentials),
        "status_at": func.now(),
        "updated_at": func.now(),
        "probe_at": case((channel_keys.c.probe_at.is_not(None), func.now())),
    }
    return _update(connection, key_id, values, channel_keys.c.status != KeyStatus.REVOKED)


def rotate_token(connection: Connection, key_id: UUID) -> tuple[Key, str]:
    """Give a key another token, which is the second value; what was accepted with the old one is sent all the same.

    The caller announces it to the api processes after the commit: until then they may take the old token. Raises as :func:`renew`.
    """
    plain = vault.new_token()
    values = {**_token(plain), "updated_at": func.now()}
    return _update(connection, key_id, values, channel_keys.c.status != KeyStatus.REVOKED), plain


def _token(plain: str) -> dict[str, Any]:
    return {"token_hash": vault.token_hash(plain), "token_prefix": plain[:_SHOWN]}


def _provider_id(channel: Channel, credentials: Mapping[str, Any]) -> str | None:
    """Give the name under which the provider's webhooks tell of the sender: the number's id at Meta, the session of WAHA."""
    match channel:
        case Channel.WABA:
            return credentials.get("phone_number_id")
        case Channel.WHATSAPP if credentials.get("gateway") == "waha":
            return str(credentials.get("session") or "default")
        case _:
            return None


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


def _name(name: str) -> str:
    if not name.strip():
        raise Invalid("name", "must not be empty")
    return name.strip()


def _check(limits: Limits) -> None:
    rate, quota = limits.get("rate_per_second"), limits.get("quota_limit")
    if rate is not None and not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise Invalid("rate", f"must be from {LOWEST_RATE} to {HIGHEST_RATE}")
    if quota is not None and not 0 <= quota <= HIGHEST_QUOTA:
        raise Invalid("quota", f"must be from 0 to {HIGHEST_QUOTA}")
    if limits.get("quota_period") not in {None, *QUOTA_PERIODS}:
        raise Invalid("quota_period", f"must be one of {', '.join(QUOTA_PERIODS)}")
    if (sender := limits.get("sender")) is not None and targets.phone(sender) is None:
        raise Invalid("sender", "must be a phone number with its country code")
    if limits.get("window") not in {None, *key_settings.WINDOWS}:
        raise Invalid("window", f"must be one of {', '.join(key_settings.WINDOWS)}")


def _stored(limits: Limits) -> dict[str, Any]:
    """Give the columns of what was checked."""
    sender = limits.get("sender")
    columns = {name: value for name, value in limits.items() if name not in _SETTINGS}
    return {**columns, **({"sender": targets.phone(sender)} if sender is not None else {})}


def _settings(limits: Limits) -> dict[str, Any]:
    """Give what is kept among the key's settings."""
    return {name: value for name, value in limits.items() if name in _SETTINGS}


def _update(connection: Connection, key_id: UUID, values: Mapping[str, Any], *conditions: ColumnElement[bool]) -> Key:
    statement = update(channel_keys).where(channel_keys.c.id == key_id, *conditions).values(values).returning(*_COLUMNS)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _unchanged(connection, key_id)
    return _key(row._mapping)


def _unchanged(connection: Connection, key_id: UUID) -> ManagementError:
    exists = connection.execute(select(channel_keys.c.id).where(channel_keys.c.id == key_id)).one_or_none()
    return TooLate("a revoked key stays revoked") if exists else NotFound(_NO_SUCH_KEY)


def find(connection: Connection, key_id: UUID) -> Key:
    """Find a channel key. Raises :class:`NotFound`."""
    return _one(connection, select(*_COLUMNS).where(channel_keys.c.id == key_id))


def load(connection: Connection, account_id: UUID, channel: Channel, key_id: UUID) -> Key:
    """Read an account's key of a channel. Raises :class:`NotFound`."""
    return _one(connection, _of(account_id, channel).where(channel_keys.c.id == key_id))


def lock(connection: Connection, account_id: UUID, channel: Channel, key_id: UUID) -> Key:
    """Read it to change it: nobody else does before the transaction ends. Raises :class:`NotFound`."""
    return _one(connection, _of(account_id, channel).where(channel_keys.c.id == key_id).with_for_update(key_share=True))


def page(
    connection: Connection, account_id: UUID, channel: Channel, status: KeyStatus | None, limit: int, before_id: UUID | None
) -> list[Key]:
    """List an account's keys of a channel, the newest first, those with ids below ``before_id`` where one is given."""
    statement = _of(account_id, channel).order_by(channel_keys.c.id.desc()).limit(limit)
    if status is not None:
        statement = statement.where(channel_keys.c.status == status)
    if before_id is not None:
        statement = statement.where(channel_keys.c.id < before_id)
    return [_key(row._mapping) for row in connection.execute(statement)]


def _of(account_id: UUID, channel: Channel) -> Select[Any]:
    return select(*_COLUMNS).where(channel_keys.c.account_id == account_id, channel_keys.c.channel == channel)


def _one(connection: Connection, statement: Select[Any]) -> Key:
    row = connection.execute(statement).one_or_none()
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
