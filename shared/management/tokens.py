"""Account tokens: what a backend authenticates with. The token itself is shown once; its hash is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from shared import ids, vault
from shared.db import clock
from shared.db.tables import api_tokens, channel_keys
from shared.management.errors import Invalid, NotFound

_PREFIX = "antar_"
_SHOWN = 12
_SHOWN_LAST = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What is known of a token after it was shown."""

    id: UUID
    account_id: UUID
    prefix: str
    """The first characters, to recognise it by."""
    last4: str | None
    """The last ones, as dialects show them; ``None`` for a token older than they are kept."""
    label: str | None
    bound_key_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    """From when on it is not valid any more."""
    revoked_at: datetime | None


_COLUMNS = (
    api_tokens.c.id,
    api_tokens.c.account_id,
    api_tokens.c.prefix,
    api_tokens.c.last4,
    api_tokens.c.label,
    api_tokens.c.bound_key_id,
    api_tokens.c.created_at,
    api_tokens.c.expires_at,
    api_tokens.c.revoked_at,
)


def create(
    connection: Connection,
    account_id: UUID,
    bound_key_id: UUID | None = None,
    *,
    label: str | None = None,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Create a token; the second value is the token itself, never to be seen again. ``label`` is what people call it.

    Raises :class:`Invalid` for a key that is not the account's.
    """
    if bound_key_id is not None:
        _check_owner(connection, account_id, bound_key_id)
    plain = vault.new_token(_PREFIX)
    values = {
        "id": ids.new(),
        "account_id": account_id,
        "hash": vault.token_hash(plain),
        "prefix": plain[:_SHOWN],
        "last4": plain[-_SHOWN_LAST:],
        "label": label,
        "bound_key_id": bound_key_id,
        "expires_at": expires_at,
    }
    row = connection.execute(insert(api_tokens).values(values).returning(*_COLUMNS)).one()
    return Token(**row._mapping), plain


def _check_owner(connection: Connection, account_id: UUID, key_id: UUID) -> None:
    owned = select(channel_keys.c.id).where(channel_keys.c.id == key_id, channel_keys.c.account_id == account_id)
    if connection.execute(owned).one_or_none() is None:
        raise Invalid("bound_key", "is no channel key of the account")


def end_of(connection: Connection, expires_at: datetime | None, expires_in: timedelta | None) -> datetime | None:
    """Give from when on a token is not valid any more, by one of two ways to say it. Raises :class:`Invalid`."""
    if expires_at is not None and expires_in is not None:
        raise Invalid("expires_in", "is not to be given beside expires_at")
    now = clock.read(connection)
    ends_at = expires_at if expires_in is None else now + expires_in
    if ends_at is not None and ends_at <= now:
        raise Invalid("expires_at", "must be in the future")
    return ends_at


def revoke(connection: Connection, plain: str) -> Token:
    """Revoke a token, for good. Raises :class:`NotFound`. The caller announces it to the api processes after the commit."""
    return _end(connection, api_tokens.c.hash == vault.token_hash(plain))


def end(connection: Connection, account_id: UUID, token_id: UUID) -> Token:
    """Revoke a token of an account by its id; otherwise as :func:`revoke`."""
    return _end(connection, api_tokens.c.id == token_id, api_tokens.c.account_id == account_id)


def _end(connection: Connection, *conditions: ColumnElement[bool]) -> Token:
    revoked_at = func.coalesce(api_tokens.c.revoked_at, func.now())
    statement = update(api_tokens).where(*conditions).values(revoked_at=revoked_at).returning(*_COLUMNS)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound("there is no such token")
    return Token(**row._mapping)


def name(connection: Connection, token_id: UUID) -> str:
    """Give the first characters of a token, to recognise it by."""
    prefix: str = connection.execute(select(api_tokens.c.prefix).where(api_tokens.c.id == token_id)).scalar_one()
    return prefix


def load(connection: Connection, token_id: UUID) -> Token:
    """Read a token that is there."""
    return Token(**connection.execute(select(*_COLUMNS).where(api_tokens.c.id == token_id)).one()._mapping)


def every(connection: Connection, account_id: UUID) -> list[Token]:
    """List an account's tokens, the oldest first."""
    rows = connection.execute(select(*_COLUMNS).where(api_tokens.c.account_id == account_id).order_by(api_tokens.c.id))
    return [Token(**row._mapping) for row in rows]


def page(connection: Connection, account_id: UUID, limit: int, before_id: UUID | None) -> list[Token]:
    """List an account's tokens, the newest first, those with ids below ``before_id`` where one is given."""
    statement = select(*_COLUMNS).where(api_tokens.c.account_id == account_id).order_by(api_tokens.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(api_tokens.c.id < before_id)
    return [Token(**row._mapping) for row in connection.execute(statement)]
