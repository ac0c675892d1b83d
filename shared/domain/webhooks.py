"""When a webhook to a customer counts as heard, when it is tried again, and when it is given up (contract, Kirim 2.8)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ATTEMPTS: Final = 8
"""How often a webhook is posted at the most."""
DISABLED_AFTER: Final = 20
"""How many webhooks in a row a subscription may fail to hear before it is disabled."""
DISABLED_REASON: Final = f"{DISABLED_AFTER} deliveries in a row failed"
CROWDED_REASON: Final = "too many webhooks wait: until a tenth of them is gone, no more are added"
_DELAYS: Final = (0.0, 10.0, 30.0, 120.0, 600.0, 3600.0, 21_600.0, 86_400.0)
"""Seconds before each attempt, from the end of the one before."""
_JITTER: Final = 0.2
"""By which part of itself a delay is longer or shorter."""
_LONGEST_DELAY: Final = 86_400.0
"""Seconds; no answer puts an attempt off for longer."""

_SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_SERVER_ERROR: Final = 500
_THROTTLED: Final = 429
_IN_TIME: Final = frozenset({408, _THROTTLED})
"""The refusals that another time may not meet."""


class State(StrEnum):
    """Where a webhook stands."""

    PENDING = "pending"
    """Not tried yet, or not since it was replayed."""
    FAILED = "failed"
    """Tried, and to be tried again."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Not to be tried again, unless somebody replays it."""


class Trouble(StrEnum):
    """Why the last attempt failed."""

    STATUS = "http_status"
    """The receiver answered with another status than 2xx: ``response_status``."""
    TIMEOUT = "timeout"
    """No answer within ten seconds."""
    CONNECTION = "connection_failed"
    """No connection came about, or it was lost before the answer."""
    NAME = "name_not_found"
    """The host's name could not be resolved."""
    TLS = "tls_failed"
    """The receiver's certificate is not valid for it, or it speaks no TLS."""
    NOT_HTTP = "answer_unreadable"
    """What the receiver answered is not HTTP."""
    ADDRESS = "address_refused"
    """The host is not on the public internet; nothing was sent."""
    URL = "url_not_usable"
    """The URL is none that can be posted to; nothing was sent."""
    WORKER = "worker_lost"
    """The worker died in the attempt: nobody knows whether it was heard."""
    SECRETS = "secrets_unreadable"
    """The subscription's secrets cannot be read with the keys that the worker has; nothing was sent."""


_HOPELESS: Final = frozenset({Trouble.ADDRESS, Trouble.URL})
"""Troubles that no other time ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of an attempt: an answer of the receiver's, or a trouble that kept it from one."""

    status: int | None = None
    retry_after: float | None = None
    """The seconds that the answer asks to wait."""
    trouble: Trouble | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an attempt has made of a webhook."""

    state: State
    error: Trouble | None = None
    delay: float = 0.0
    """Seconds until the next attempt; of a state that has one."""


def judge(answer: Answer, attempts: int, chance: float) -> Verdict:
    """Judge an attempt.

    Args:
        answer: What came of it.
        attempts: How many were made, this one included.
        chance: From 0 to 1; spreads the next attempts of many webhooks.
    """
    if answer.trouble is None and answer.status in _SUCCESS:
        return Verdict(state=State.DELIVERED)
    error = answer.trouble or Trouble.STATUS
    if attempts >= ATTEMPTS or not _may_succeed(answer):
        return Verdict(state=State.DEAD, error=error)
    return Verdict(state=State.FAILED, error=error, delay=_delay(answer, attempts, chance))


def _may_succeed(answer: Answer) -> bool:
    if answer.status is None:
        return answer.trouble not in _HOPELESS
    return answer.status in _REDIRECT or answer.status in _IN_TIME or answer.status >= _SERVER_ERROR


def _delay(answer: Answer, attempts: int, chance: float) -> float:
    usual = _DELAYS[attempts] * (1 + _JITTER * (2 * chance - 1))
    asked = answer.retry_after if answer.status == _THROTTLED else None
    return usual if asked is None else max(usual, min(asked, _LONGEST_DELAY))
