"""Who is calling: account tokens, from a small cache that forgets a revoked one at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final
from uuid import UUID

from flask import request
from sqlalchemy import Row, func, select

from api import failed, requests
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refused:
    """What is wrong with a token."""

    code: str = "invalid_api_key"
    account_id: UUID | None = None
    """Whose it was, where it was anybody's."""


_cache: Final[Known[Caller]] = Known(_MOST_CACHED)
_refused: Final[Known[_Refused]] = Known(_MOST_CACHED)
"""A token that is none will never be one: new ones are made at random."""


def caller() -> Caller:
    """Authenticate the request at hand by its bearer token.

    Raises :class:`Unauthenticated`, and :class:`api.errors.TooManyFailures` in its place beyond the limit.
    """
    header = request.headers.get("Authorization", "")
    token = header[len(_SCHEME) :].strip()
    if not token or header[: len(_SCHEME)].lower() != _SCHEME:
        raise Unauthenticated(MISSING)
    token_hash = vault.token_hash(token)
    known = _cache.get(token_hash) or _find(token_hash)
    requests.came_from(known.account_id)
    return known


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
    _refused.clear()


_LOOK_UP: Final = select(
    api_tokens.c.account_id,
    api_tokens.c.id.label("token_id"),
    api_tokens.c.bound_key_id,
    accounts.c.subscribed,
    accounts.c.settings,
    api_tokens.c.revoked_at.is_not(None).label("revoked"),
    func.extract("epoch", api_tokens.c.expires_at - func.now()).label("lasts"),
).join(accounts, accounts.c.id == api_tokens.c.account_id)


def _find(token_hash: bytes) -> Caller:
    """Find who is behind a token that this process does not know to be valid."""
    found = _refused.get(token_hash) or _look_up(token_hash)
    if isinstance(found, _Refused):
        failed.count(found.account_id)
        raise Unauthenticated("invalid api token", code=found.code)
    return found


def _look_up(token_hash: bytes) -> Caller | _Refused:
    generations = _cache.generation, _refused.generation
    with failed.looking_up(), engine.get().connect() as connection:
        row = connection.execute(_LOOK_UP.where(api_tokens.c.hash == token_hash, accounts.c.status == "active")).one_or_none()
    found, seconds = (_Refused(), math.inf) if row is None else _judge(row)
    if isinstance(found, Caller):
        _cache.put(token_hash, found, generations[0], seconds)
    else:
        _refused.put(token_hash, found, generations[1])
    return found


def _judge(row: Row[*tuple[Any, ...]]) -> tuple[Caller | _Refused, float]:
    """Give who is behind a token that was made, and the seconds that it lasts."""
    *values, revoked, lasts = row
    seconds = math.inf if lasts is None else float(lasts)
    if revoked or seconds <= 0:
        return _Refused(code="revoked_api_key" if revoked else "expired_api_key", account_id=row.account_id), math.inf
    return Caller(**dict(zip(_CALLER, values, strict=True))), seconds


_CALLER: Final = tuple(each.name for each in fields(Caller))
