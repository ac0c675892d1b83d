"""The boundary between the server and Flask, which every request and every answer passes, whoever makes the answer.

All that is the same for every answer is done here, once, when it starts: Flask's own hooks for that cost several times as much.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Request

from api import bodies, exchanges, headers, measuring, request_ids, requests
from api.exchanges import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import StartResponse, WSGIApplication


def register(app: Flask) -> None:
    """Have every request of the app pass it."""
    app.wsgi_app = _passed(app.wsgi_app)  # type: ignore[assignment, method-assign]


def _passed(app: "WSGIApplication") -> "WSGIApplication":
    return lambda environ, start: app(environ, partial(_answer, start, exchanges.begin(environ), environ))


def _answer(
    start: "StartResponse",
    exchange: Exchange,
    environ: dict[str, Any],
    status: str,
    given: list[tuple[str, str]],
    exc_info: Any = None,
) -> "Callable[[bytes], object]":
    """Start an answer: read what it has left unread, add the headers that every answer has, count it, and tell of it."""
    request: Request = environ["werkzeug.request"]
    request_id = request_ids.of(exchange, environ)
    complete = [*given, *bodies.drain(exchange), *headers.missing(given), (request_ids.HEADER, request_id)]
    if request.blueprint != requests.PROBES:
        code = int(status[:3])
        measuring.count(exchange, request, code)
        requests.tell(exchange, request, code)
    return start(status, complete, exc_info)
