"""Who is calling: account tokens, from a small cache that forgets a revoked one at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final
from uuid import UUID

from flask import request
from sqlalchemy import func, select

from api.errors import Forbidden, Unauthenticated
from api.known import Known
from shared import vault
from shared.db import engine
from shared.db.tables import accounts, api_tokens

_MOST_CACHED: Final = 10_000
_SCHEME: Final = "bearer "

MISSING: Final = "missing api token"
"""What is said of a request without a token; of one whose token is not valid, something else is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The account behind a token."""

    account_id: UUID
    token_id: UUID
    bound_key_id: UUID | None = None
    """The one channel key the token sends with, where it is bound to one."""
    subscribed: bool = True
    """Whether the account may send in the Kanal dialect (contract, Kanal 1)."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The account's own limits, by their names."""


_cache: Final[Known[Caller]] = Known(_MOST_CACHED)


def caller() -> Caller:
    """Authenticate the request at hand by its bearer token. Raises :class:`Unauthenticated`."""
    header = request.headers.get("Authorization", "")
    token = header[len(_SCHEME) :].strip()
    if not token or header[: len(_SCHEME)].lower() != _SCHEME:
        raise Unauthenticated(MISSING)
    token_hash = vault.token_hash(token)
    return _cache.get(token_hash) or _look_up(token_hash)


def manager() -> Caller:
    """Authenticate a request that manages an account, which a token bound to a channel key may not: it only sends.

    Every room calls it that changes what an account has, or shows what people are kept in it: keys, tokens, contacts, suppressions,
    templates, campaigns. Raises :class:`Unauthenticated` and :class:`Forbidden`.
    """
    known = caller()
    if known.bound_key_id is not None:
        raise Forbidden("token_bound", "this token is bound to a channel key: it sends, and manages nothing")
    return known


def forget() -> None:
    """Forget every token: one was revoked somewhere."""
    _cache.clear()


_LOOK_UP: Final = select(
    api_tokens.c.account_id,
    api_tokens.c.id.label("token_id"),
    api_tokens.c.bound_key_id,
    accounts.c.subscribed,
    accounts.c.settings,
    api_tokens.c.revoked_at.is_not(None).label("revoked"),
    func.extract("epoch", api_tokens.c.expires_at - func.now()).label("lasts"),
).join(accounts, accounts.c.id == api_tokens.c.account_id)


def _look_up(token_hash: bytes) -> Caller:
    generation = _cache.generation
    with engine.get().connect() as connection:
        found = connection.execute(_LOOK_UP.where(api_tokens.c.hash == token_hash, accounts.c.status == "active")).one_or_none()
    if found is None:
        raise Unauthenticated("invalid api token")
    *values, revoked, lasts = found
    seconds = math.inf if lasts is None else float(lasts)
    if revoked or seconds <= 0:
        raise Unauthenticated("invalid api token", code="revoked_api_key" if revoked else "expired_api_key")
    known = Caller(**dict(zip(_CALLER, values, strict=True)))
    _cache.put(token_hash, known, generation, seconds)
    return known


_CALLER: Final = tuple(each.name for each in fields(Caller))
