"""Reading request bodies."""

from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from shared import settings

_READ: Final = "antar.body_read"
"""Stands in the environment of a request whose body was read to its end."""


def register(app: Flask) -> None:
    """Read what a refusal has left unread, so that the connection can carry the client's next request."""
    app.after_request(_drain)


def _drain(response: Response) -> Response:
    """Read the rest of a body. The server closes a connection with unread bytes, and a request already on its way is lost."""
    if _READ in request.environ:
        return response
    try:
        request.get_data(cache=False)
    except HTTPException:
        response.headers["Connection"] = "close"
    return response


def read() -> bytes:
    """Read the body of the request at hand. Raises :class:`RequestEntityTooLarge`, for a body sent in chunks too."""
    return read_within(settings.get().max_body_bytes)


def read_within(limit: int) -> bytes:
    """Read a body of at most so many bytes; otherwise as :func:`read`."""
    # One more than may be: a body in chunks is cut here without a word, and the byte too many tells it.
    request.max_content_length = limit + 1
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise RequestEntityTooLarge
    request.environ[_READ] = True
    return body
