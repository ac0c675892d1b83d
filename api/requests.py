"""What a request leaves behind: one line in the log, and a span where its process records them.

The line names the route by its rule and the caller by its account: paths, queries and headers hold what is nobody's business.
"""

import time
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from flask import Flask, Response, g, request

from api import request_ids
from shared import ids, tracing
from shared.domain import traces
from shared.tracing import Attributes, Kind, Span

_log: Final = structlog.get_logger("http")
_PROBES: Final = "health"
"""The blueprint whose requests come every few seconds and tell nothing."""
_TRACEPARENT: Final = "HTTP_TRACEPARENT"
_SERVER_ERROR: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those that are named; what else stands in their place may be anything."""


def register(app: Flask) -> None:
    """Tell of every request but probes."""
    app.before_request(_begin)
    app.after_request(_end)


def traceparent() -> str | None:
    """Give what deliveries of the request at hand name as their parent: its span, else what the caller has sent."""
    span: Span | None = g.get("span")
    return None if span is None else span.traceparent


def came_from(account_id: UUID) -> None:
    """Note whose request it is."""
    g.account_id = account_id


def _begin() -> None:
    if request.blueprint == _PROBES:
        return
    g.began_at = time.monotonic()
    parent = traces.read(request.environ.get(_TRACEPARENT))
    g.span = tracing.begin(request.endpoint or "nowhere", Kind.SERVER, parent, _of_request)


def _end(response: Response) -> Response:
    """Tell of an answer. Nothing to tell of was begun where the framework refused the request before anything looked at it."""
    if "span" not in g:
        return response
    status = response.status_code
    _log.info("http.request", **_about(), status=status, ms=round((time.monotonic() - g.began_at) * 1000))
    g.span.end(partial(_of_answer, status), failed=str(status) if status >= _SERVER_ERROR else None)
    return response


def _about() -> dict[str, str]:
    """Say which request it is; whose, once that is known."""
    rule, account_id = request.url_rule, g.get("account_id")
    whose = {} if account_id is None else {"account": ids.encode(ids.ACCOUNT, account_id)}
    return {"method": method(), "route": rule.rule if rule else "", "request_id": request_ids.current(), **whose}


def method() -> str:
    """Name the method of the request at hand."""
    return request.method if request.method in _METHODS else "other"


def _of_request() -> Attributes:
    return {"http.request.method": method(), "antar.request_id": request_ids.current()}


def _of_answer(status: int) -> Attributes:
    about = _about()
    return {"http.route": about["route"], "antar.account": about.get("account"), "http.response.status_code": status}
