"""Account tokens: what a backend authenticates with. The token itself is shown once; its hash is kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from shared import ids, vault
from shared.db.tables import api_tokens
from shared.management.errors import NotFound

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
    """Create a token; the second value is the token itself, never to be seen again. ``label`` is what people call it."""
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


def revoke(connection: Connection, plain: str) -> Token:
    """Revoke a token, for good. Raises :class:`NotFound`. The caller announces it to the api processes after the commit."""
    statement = (
        update(api_tokens)
        .where(api_tokens.c.hash == vault.token_hash(plain))
        .values(revoked_at=func.coalesce(api_tokens.c.revoked_at, func.now()))
        .returning(*_COLUMNS)
    )
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
