"""Every request has an id, answered as ``X-Request-Id`` and kept with the send it makes.

A caller in front of antar may have given it one: it is taken over in the form that antar's own have, which answers promise, and
anything else, which might say anything, is not.
"""

from collections.abc import Mapping
from typing import Any

from flask import request

from api import exchanges
from api.exchanges import Exchange
from shared import ids

HEADER = "X-Request-Id"


def current() -> str:
    """Give the id of the request at hand."""
    return of(exchanges.current(), request.environ)


def of(exchange: Exchange, environ: Mapping[str, Any]) -> str:
    """Give the id of a request."""
    if exchange.request_id is None:
        exchange.request_id = _given(environ) or ids.encode(ids.REQUEST, ids.new())
    return exchange.request_id


def _given(environ: Mapping[str, Any]) -> str | None:
    given: str | None = environ.get("HTTP_X_REQUEST_ID")
    return given if given and ids.decode(ids.REQUEST, given) else None
