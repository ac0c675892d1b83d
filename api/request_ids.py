"""Every request has an id, answered as ``X-Request-Id`` and kept with the send it makes."""

from flask import Flask, Response, g

from shared import ids

HEADER = "X-Request-Id"


def current() -> str:
    """Give the id of the request at hand."""
    identifier: str | None = g.get("request_id")
    if identifier is None:
        identifier = g.request_id = ids.encode(ids.REQUEST, ids.new())
    return identifier


def register(app: Flask) -> None:
    """Answer the id with every response."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    response.headers[HEADER] = current()
    return response
