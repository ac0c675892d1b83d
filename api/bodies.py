"""Reading request bodies."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from shared import settings


def read() -> bytes:
    """Read the body of the request at hand. Raises :class:`RequestEntityTooLarge`, for a body sent in chunks too."""
    body = request.get_data(cache=False)
    if len(body) > settings.get().max_body_bytes:
        raise RequestEntityTooLarge
    return body
