"""Reading request bodies."""

from collections.abc import Iterator, Sequence
from typing import Final

from flask import request
from werkzeug.exceptions import ClientDisconnected, HTTPException, LengthRequired, RequestEntityTooLarge

from api import exchanges
from api.exchanges import Exchange
from shared import settings

_CLOSED: Final = (("Connection", "close"),)
_STEP: Final = 256 * 1024
"""Bytes."""


def drain(exchange: Exchange) -> Sequence[tuple[str, str]]:
    """Read what a refusal has left unread, so that the connection can carry the client's next request.

    The server closes a connection with unread bytes, and a request already on its way is lost. Gives the header that tells of it.
    """
    return () if exchange.body_read or _read_rest(settings.get().max_body_bytes) else _CLOSED


def _read_rest(most: int) -> bool:
    """Read what is left of a body, and tell whether that was at most so much: the rest of a large file is not worth it."""
    try:
        while most > 0 and (chunk := request.stream.read(min(most, _STEP))):
            most -= len(chunk)
    except HTTPException:
        return False
    return most > 0


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
    exchanges.current().body_read = True
    return body


def stream(limit: int) -> Iterator[bytes]:
    """Give a body of at most so many bytes in steps, none of which is kept; otherwise as :func:`read`.

    Raises :class:`ClientDisconnected` for one that ends before its ``Content-Length``: the server only says that it has ended. Of
    one in chunks nobody can tell, so that its content must say by itself where it ends, or :func:`require_length` be asked.
    """
    request.max_content_length = limit + 1
    size = 0
    while step := request.stream.read(_STEP):
        size += len(step)
        if size > limit:
            raise RequestEntityTooLarge
        yield step
    exchanges.current().body_read = True
    if request.content_length not in {None, size}:
        raise ClientDisconnected


def require_length() -> None:
    """Raise :class:`LengthRequired` for a body that does not say how long it is."""
    if request.content_length is None:
        raise LengthRequired
