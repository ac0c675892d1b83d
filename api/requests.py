"""What a request leaves behind: one line in the log, and a span where its process records them.

The line names the route by its rule and the caller by its account: paths, queries and headers hold what is nobody's business.
"""

import time
from functools import partial
from typing import Final
from uuid import UUID

import flask
import structlog
from flask import Request

from api import exchanges, request_ids
from api.exchanges import Exchange
from shared import ids, tracing
from shared.domain import traces
from shared.tracing import Attributes, Kind, Span

PROBES: Final = "health"
"""The blueprint whose requests come every few seconds and tell nothing."""

_log: Final = structlog.get_logger("http")
_TRACEPARENT: Final = "HTTP_TRACEPARENT"
_SERVER_ERROR: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those that are named; what else stands in their place may be anything."""


def traceparent() -> str | None:
    """Give what deliveries of the request at hand name as their parent: its span, else what the caller has sent."""
    return _span(exchanges.current(), flask.request).traceparent


def came_from(account_id: UUID) -> None:
    """Note whose request it is."""
    exchanges.current().account_id = account_id


def tell(exchange: Exchange, request: Request, status: int) -> None:
    """Tell of a request that is being answered."""
    about = _about(exchange, request)
    _log.info("http.request", **about, status=status, ms=round((time.monotonic() - exchange.began_at) * 1000))
    span = _span(exchange, request)
    span.end(partial(_of_answer, about, status), failed=str(status) if status >= _SERVER_ERROR else None)


def method(request: Request) -> str:
    """Name the method of a request."""
    return request.method if request.method in _METHODS else "other"


def _span(exchange: Exchange, request: Request) -> Span:
    """Give the span of a request, which began with it; made when it is asked for, since its name is that of the route."""
    if exchange.span is None:
        parent = traces.read(request.environ.get(_TRACEPARENT))
        attributes = partial(_of_request, exchange, request)
        ago = time.monotonic() - exchange.began_at
        exchange.span = tracing.begin(request.endpoint or "nowhere", Kind.SERVER, parent, attributes, seconds_ago=ago)
    return exchange.span


def _about(exchange: Exchange, request: Request) -> dict[str, str]:
    """Say which request it is; whose, once that is known."""
    rule, account_id = request.url_rule, exchange.account_id
    whose = {} if account_id is None else {"account": ids.encode(ids.ACCOUNT, account_id)}
    return {
        "method": method(request),
        "route": rule.rule if rule else "",
        "request_id": request_ids.of(exchange, request.environ),
        **whose,
    }


def _of_request(exchange: Exchange, request: Request) -> Attributes:
    return {"http.request.method": method(request), "antar.request_id": request_ids.of(exchange, request.environ)}


def _of_answer(about: Attributes, status: int) -> Attributes:
    return {"http.route": about["route"], "antar.account": about.get("account"), "http.response.status_code": status}
