"""Who is calling: account tokens, from a small cache that forgets a revoked one at once."""

import threading
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flask import request
from sqlalchemy import func, select

from api.errors import Unauthenticated
from shared import settings, vault
from shared.db import engine
from shared.db.tables import accounts, api_tokens

_MOST_CACHED: Final = 10_000
_SCHEME: Final = "bearer "


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The account behind a token."""

    account_id: UUID
    token_id: UUID


class _Cache:
    """Known tokens by hash, each with the monotonic time until which it is trusted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[bytes, tuple[float, Caller]] = {}
        self.generation = 0
        """How often everything was forgotten."""

    def get(self, token_hash: bytes) -> Caller | None:
        entry = self._entries.get(token_hash)
        return entry[1] if entry and time.monotonic() < entry[0] else None

    def put(self, token_hash: bytes, caller: Caller, generation: int) -> None:
        """Keep what was read since ``generation``; what was read before everything was forgotten may be what was revoked."""
        with self._lock:
            if generation != self.generation:
                return
            if len(self._entries) >= _MOST_CACHED:
                self._entries.clear()
            self._entries[token_hash] = (time.monotonic() + settings.get().token_cache_seconds, caller)

    def clear(self) -> None:
        with self._lock:
            self.generation += 1
            self._entries.clear()


_cache = _Cache()


def caller() -> Caller:
    """Authenticate the request at hand by its bearer token. Raises :class:`Unauthenticated`."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(_SCHEME) or not header[len(_SCHEME) :].strip():
        raise Unauthenticated("missing api token")
    token_hash = vault.token_hash(header[len(_SCHEME) :].strip())
    found = _cache.get(token_hash) or _look_up(token_hash)
    if found is None:
        raise Unauthenticated("invalid api token")
    return found


def forget() -> None:
    """Forget every token: one was revoked somewhere."""
    _cache.clear()


def _look_up(token_hash: bytes) -> Caller | None:
    statement = (
        select(api_tokens.c.account_id, api_tokens.c.id)
        .join(accounts, accounts.c.id == api_tokens.c.account_id)
        .where(
            api_tokens.c.hash == token_hash,
            api_tokens.c.revoked_at.is_(None),
            api_tokens.c.expires_at.is_(None) | (api_tokens.c.expires_at > func.now()),
            accounts.c.status == "active",
        )
    )
    generation = _cache.generation
    with engine.get().connect() as connection:
        row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    found = Caller(account_id=row.account_id, token_id=row.id)
    _cache.put(token_hash, found, generation)
    return found
