"""What requests are counted as."""

import time

from flask import Flask, Response, g, request

from api.requests import method
from shared import metrics
from shared.db import engine
from shared.figures import usage

_NOWHERE = "none"
"""The part of the api of a path that there is not."""


def register(app: Flask) -> None:
    """Count every request but probes, which :mod:`api.requests` does not begin."""
    app.after_request(_count)


def _count(response: Response) -> Response:
    if "began_at" in g:
        metrics.HTTP_REQUESTS.labels(method(), response.status_code).inc()
        metrics.HTTP_REQUEST_SECONDS.labels(request.blueprint or _NOWHERE).observe(time.monotonic() - g.began_at)
    return response


def note() -> None:
    """Note what this process has in use."""
    usage.note("api", engine.get().pool)
