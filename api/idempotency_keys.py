"""Idempotency keys as they stand in Postgres: each for one send, for 24 hours (contract, Kirim 3 and Kanal 2)."""

import json
from collections.abc import Iterator, Sequence
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
_LOCK_WAIT_ONCE_MORE: Final = 1
"""Milliseconds to wait for one that was waited for in vain already: zero would be for ever."""


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


Owner = tuple[UUID, str, str]
"""What makes a key one: the account, the scope and the client's text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A send that is to have a key."""

    account_id: UUID
    key: IdempotencyKey
    send_id: UUID

    @property
    def owner(self) -> Owner:
        """By which claims are put in order."""
        return self.account_id, self.key.scope, self.key.key

    def row(self) -> dict[str, str]:
        """Give the row that the key will have, as JSON has it."""
        return {
            "account_id": self.account_id.hex,
            "scope": self.key.scope,
            "key": self.key.key,
            "fingerprint": rf"\x{self.key.fingerprint.hex()}",
            "send_id": self.send_id.hex,
        }


@contextmanager
def brief_waits(connection: Connection, *, once_more: bool) -> Iterator[None]:
    """Let a transaction wait only a moment for each key that another one has in hand; for all else it waits as ever.

    ``once_more`` is for keys of which one was waited for in vain already: the waits for many must not add up.
    """
    milliseconds = _LOCK_WAIT_ONCE_MORE if once_more else _LOCK_WAIT
    connection.execute(statements.wait_briefly, {"milliseconds": str(milliseconds)})
    yield
    connection.execute(statements.wait_as_ever)


def claim(connection: Connection, claims: Sequence[Claim]) -> dict[UUID, UUID | IdempotencyKeyReused]:
    """Take keys, in the order given, or find the sends that they stand for already; by the sends that claim them.

    The sends are made in the same transaction. Raises :class:`IdempotencyInProgress` when another one has a key in hand; this one
    can only be rolled back.
    """
    parameters = {
        "keys": json.dumps([each.row() for each in claims]),
        "forgetful": [each.send_id for each in claims if each.key.forgets_failures],
        "ttl_seconds": _SECONDS,
    }
    try:
        taken = set(connection.execute(statements.claim_idempotency_keys, parameters).scalars())
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise IdempotencyInProgress from None
        raise
    return {each.send_id: each.send_id if each.send_id in taken else _earlier(connection, each) for each in claims}


def _earlier(connection: Connection, claim: Claim) -> UUID | IdempotencyKeyReused:
    account_id, scope, key = claim.owner
    owner = {"account_id": account_id, "scope": scope, "key": key}
    try:
        return _send_of(connection.execute(statements.select_idempotency_key, owner).one(), claim.key)
    except IdempotencyKeyReused as error:
        return error


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
