"""Every request has an id, answered as ``X-Request-Id`` and kept with the send it makes.

A caller in front of antar may have given it one: it is taken over in the form that antar's own have, which answers promise, and
anything else, which might say anything, is not.
"""

from flask import Flask, Response, g, request

from shared import ids

HEADER = "X-Request-Id"


def current() -> str:
    """Give the id of the request at hand."""
    identifier: str | None = g.get("request_id")
    if identifier is None:
        identifier = g.request_id = _given() or ids.encode(ids.REQUEST, ids.new())
    return identifier


def _given() -> str | None:
    given: str | None = request.environ.get("HTTP_X_REQUEST_ID")
    return given if given and ids.decode(ids.REQUEST, given) else None


def register(app: Flask) -> None:
    """Answer the id with every response."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    response.headers[HEADER] = current()
    return response
