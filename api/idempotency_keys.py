"""Idempotency keys as they stand in Postgres: each for one send, for 24 hours (contract, Kirim 3 and Kanal 2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Row
from sqlalchemy.exc import OperationalError

from shared.db import engine
from shared.db.statements import intake as statements

_SECONDS: Final = 24 * 3600
_LOCK_WAIT: Final = 20
"""Milliseconds to wait for a key that another transaction has in hand: about as long as it takes to commit."""


class IdempotencyKeyReused(Exception):
    """The key stands for another request of this account."""


class IdempotencyInProgress(Exception):
    """The key is held by a request that is still being committed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdempotencyKey:
    """A client's word that two requests are one."""

    scope: str
    key: str
    fingerprint: bytes
    """A hash of the request; another one under the same key is a mistake of the client."""
    forgets_failures: bool = False
    """Whether the key is free again once its send has ended without success (contract, Kanal 2)."""


@contextmanager
def brief_waits(connection: Connection) -> Iterator[None]:
    """Let a transaction wait only a moment for keys that other transactions have in hand; for all else it waits as ever."""
    connection.execute(statements.wait_briefly, {"milliseconds": str(_LOCK_WAIT)})
    yield
    connection.execute(statements.wait_as_ever)


def claim(connection: Connection, account_id: UUID, key: IdempotencyKey, send_id: UUID) -> UUID:
    """Take a key for a send, in the send's own transaction, or give the send that it stands for already.

    Raises:
        IdempotencyKeyReused: It stands for another request.
        IdempotencyInProgress: Another transaction has it in hand; this one can only be rolled back.
    """
    owner = {"account_id": account_id, "scope": key.scope, "key": key.key}
    about = {"fingerprint": key.fingerprint, "send_id": send_id, "forgets_failures": key.forgets_failures}
    try:
        taken = connection.execute(statements.claim_idempotency_key, {**owner, **about, "ttl_seconds": _SECONDS}).one_or_none()
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise IdempotencyInProgress from None
        raise
    return send_id if taken else _send_of(connection.execute(statements.select_idempotency_key, owner).one(), key)


def _send_of(standing: Row[Any], key: IdempotencyKey) -> UUID:
    if bytes(standing.fingerprint) != key.fingerprint:
        raise IdempotencyKeyReused
    send_id: UUID = standing.send_id
    return send_id


def first_use(account_id: UUID, scope: str, key: str) -> datetime | None:
    """Tell when an idempotency key was first used, as long as it stands."""
    standing = _standing(account_id, scope, key)
    return standing.created_at if standing else None


def repeated_send(account_id: UUID, key: IdempotencyKey) -> UUID | None:
    """Give the send of the request that this one repeats. Raises :class:`IdempotencyKeyReused` when it was another request."""
    standing = _standing(account_id, key.scope, key.key)
    return _send_of(standing, key) if standing else None


def _standing(account_id: UUID, scope: str, key: str) -> Row[Any] | None:
    with engine.get().connect() as connection:
        owner = {"account_id": account_id, "scope": scope, "key": key}
        return connection.execute(statements.select_idempotency_key, owner).one_or_none()
