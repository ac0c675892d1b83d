"""One request with its answer: what is noted of it between the server's call and the first line of its answer."""

import time
from typing import TYPE_CHECKING, Final
from uuid import UUID

from flask import request

from shared.tracing import Span

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEY: Final = "antar.exchange"


class Exchange:
    """What is noted of one request."""

    __slots__ = ("account_id", "began_at", "body_read", "request_id", "span")

    def __init__(self) -> None:
        self.began_at: Final = time.monotonic()
        self.request_id: str | None = None
        """See :func:`api.request_ids.of`."""
        self.account_id: UUID | None = None
        """Whose it is, once that is known."""
        self.span: Span | None = None
        """See :func:`api.requests.traceparent`."""
        self.body_read = False
        """Whether its body was read to its end."""


def begin(environ: "WSGIEnvironment") -> Exchange:
    """Begin with a request that has come."""
    exchange = environ[_KEY] = Exchange()
    return exchange


def current() -> Exchange:
    """Give that of the request at hand."""
    environ = request.environ
    exchange: Exchange | None = environ.get(_KEY)
    return begin(environ) if exchange is None else exchange
