"""How often an account may ask: token buckets in Redis, one for each account and kind of request (contract, Kirim 2.5)."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, g, request

from api import auth, buckets
from api.buckets import Verdict
from shared import settings

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Kind(StrEnum):
    """The kinds of request that are counted apart; the value begins the name of the account's setting."""

    WRITE = "write"
    """Kirim's ``POST``, ``PUT``, ``PATCH`` and ``DELETE``."""
    READ = "read"
    """Kirim's ``GET`` and ``HEAD``."""
    KANAL = "kanal"
    """Sending in the Kanal dialect."""

    @property
    def setting(self) -> str:
        """The setting, of an account or of the process, that holds the limit."""
        return f"{self.value}_per_minute"


class RateLimited(Exception):
    """The request comes too soon."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("Too many requests. Please slow down.")
        self.verdict = verdict


def take(scope: str, identifier: UUID, kind: Kind, per_minute: int) -> Verdict:
    """Count one request.

    Args:
        scope: Whose bucket it is: ``account`` or ``token``.
        identifier: Which account's or token's.
        kind: What is counted.
        per_minute: How many the bucket holds, and gets in a minute.
    """
    return buckets.take(f"{scope}:{identifier}:{kind}", per_minute)


def per_minute(caller: auth.Caller, kind: Kind) -> int:
    """Give the limit of an account: its own, or everybody's."""
    own: int | None = caller.settings.get(kind.setting)
    default: int = getattr(settings.get(), kind.setting)
    return default if own is None else own


def add_headers(response: Response, verdict: Verdict) -> Response:
    """Tell with an answer how the bucket stands."""
    response.headers["X-RateLimit-Limit"] = str(verdict.limit)
    response.headers["X-RateLimit-Remaining"] = str(verdict.remaining)
    response.headers["X-RateLimit-Reset"] = str(verdict.reset)
    if not verdict.allowed:
        response.headers["Retry-After"] = str(verdict.retry_after)
    return response


def register(blueprint: Blueprint) -> None:
    """Count the requests of a blueprint, whose every route wants a token, and tell with every answer how the bucket stands.

    A request that comes too soon raises :class:`RateLimited`, which the blueprint answers; one of nobody known raises
    :class:`api.errors.Unauthenticated` and is not counted.
    """
    blueprint.before_request(_count)
    blueprint.after_request(_tell)


def _count() -> None:
    """Count a request against the account's limit of its kind, reading or writing."""
    caller = auth.caller()
    kind = Kind.READ if request.method in _READING else Kind.WRITE
    g.rate_limit = take("account", caller.account_id, kind, per_minute(caller, kind))
    if not g.rate_limit.allowed:
        raise RateLimited(g.rate_limit)


def _tell(response: Response) -> Response:
    verdict: Verdict | None = g.get("rate_limit")
    return response if verdict is None else add_headers(response, verdict)
