"""What requests are counted as."""

import time

from flask import Request

from api.exchanges import Exchange
from api.requests import method
from shared import metrics
from shared.db import engine
from shared.figures import usage

_NOWHERE = "none"
"""The part of the api of a path that there is not."""


def count(exchange: Exchange, request: Request, status: int) -> None:
    """Count a request that is being answered."""
    metrics.HTTP_REQUESTS.labels(method(request), status).inc()
    metrics.HTTP_REQUEST_SECONDS.labels(request.blueprint or _NOWHERE).observe(time.monotonic() - exchange.began_at)


def note() -> None:
    """Note what this process has in use."""
    usage.note("api", engine.get().pool)
