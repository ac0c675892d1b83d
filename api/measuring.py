"""What requests are counted as."""

import time
from functools import cache

from flask import Request
from prometheus_client import Counter, Histogram

from api.exchanges import Exchange
from api.requests import method
from shared import metrics
from shared.db import engine
from shared.figures import usage

_NOWHERE = "none"
"""The part of the api of a path that there is not."""


def count(exchange: Exchange, request: Request, status: int) -> None:
    """Count a request that is being answered."""
    _requests(method(request), status).inc()
    _seconds(request.blueprint or _NOWHERE).observe(time.monotonic() - exchange.began_at)


@cache
def _requests(method: str, status: int) -> Counter:
    return metrics.HTTP_REQUESTS.labels(method, status)


@cache
def _seconds(room: str) -> Histogram:
    return metrics.HTTP_REQUEST_SECONDS.labels(room)


def note() -> None:
    """Note what this process has in use."""
    usage.note("api", engine.get().pool)
