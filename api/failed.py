"""Failed authentication, limited: by the address it comes from, and by the account where it is known.

Nobody guesses a token of 190 random bits; the limit is against load and noise. So it holds for what fails, and for nothing else:
what is authentic passes whatever was tried before it, from the same address or with the same account. It costs what is authentic
nothing: a token that a process knows is not looked at here, and one that it does not know yet is looked up as ever. Only from an
address that is beyond its limit, tokens are looked up one at a time.

What has failed is remembered for a while, so that asking again with the same costs no query.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from flask import has_request_context

from api import buckets, clients
from api.errors import ServiceUnavailable, TooManyFailures
from shared import settings

_MOST_KEPT: Final = 10_000


class _Limited:
    """Who is beyond the limit and until when, as this process has heard of it. What is forgotten, Redis still knows."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def seconds(self, name: str) -> float:
        """Give for how long a name is beyond its limit yet."""
        return self._until.get(name, 0.0) - time.monotonic()

    def add(self, name: str, seconds: float) -> None:
        if len(self._until) >= _MOST_KEPT:
            self._until.clear()
        self._until[name] = time.monotonic() + seconds

    def clear(self) -> None:
        self._until.clear()


_limited: Final = _Limited()
_turn: Final = threading.Lock()


def count(account_id: UUID | None = None) -> None:
    """Count that the request at hand has failed to authenticate. Raises :class:`api.errors.TooManyFailures` beyond the limit.

    A command on the machine itself is no request, and is not limited.

    Args:
        account_id: The account, where what was shown is known to be of it, or the rest of the request is.
    """
    if not has_request_context():
        return
    names = [f"address:{clients.name()}", *([] if account_id is None else [f"account:{account_id}"])]
    seconds = max(_take(name) for name in names)
    if seconds > 0:
        raise TooManyFailures(seconds)


@contextmanager
def looking_up() -> Iterator[None]:
    """Look up what this process does not know: one at a time for those beyond their limit, so that the others find connections.

    Raises :class:`api.errors.ServiceUnavailable` when the turn does not come.
    """
    if not has_request_context() or _limited.seconds(f"address:{clients.name()}") <= 0:
        yield
    elif _turn.acquire(timeout=settings.get().database_timeout):
        try:
            yield
        finally:
            _turn.release()
    else:
        raise ServiceUnavailable


def forget() -> None:
    """Forget who is beyond the limit, as far as this process has heard."""
    _limited.clear()


def _take(name: str) -> int:
    """Count one failure, and give the seconds for which the next are too many; 0 while they are not."""
    known = _limited.seconds(name)
    if known > 0:
        return max(1, round(known))
    verdict = buckets.take(f"failed:{name}", settings.get().failed_auth_per_minute)
    if not verdict.allowed:
        _limited.add(name, verdict.retry_after)
    return verdict.retry_after
