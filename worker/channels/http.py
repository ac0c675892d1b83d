"""Calls over HTTP: where *not sent* ends and *unknown* begins."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError

from shared.domain.outcome import Action, Code, NotSent, Trace, Unknown
from worker import egress
from worker.channels.answers import Answer
from worker.channels.base import Wires

_BEFORE_THE_REQUEST_LEFT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,
)
"""Includes a name that does not resolve, a refused connection and a failed TLS handshake."""

_NOT_USABLE: Final = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)

_carried: Final[ContextVar[Mapping[str, str]]] = ContextVar("carried", default=MappingProxyType({}))

_LARGEST_BODY: Final = 1 << 20
"""Bytes of an answer that are read; no provider needs so many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request, of which ``line`` alone may be recorded. At most one of the bodies is set."""

    method: str = "POST"
    url: str
    line: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    multipart: Mapping[str, str] | None = None


@contextmanager
def carrying(headers: Mapping[str, str]) -> Iterator[None]:
    """Have every request of this task carry some headers more, whoever builds it: those by which it can be traced."""
    token = _carried.set(headers)
    try:
        yield
    finally:
        _carried.reset(token)


async def exchange(request: Request, wires: Wires) -> Answer | NotSent | Unknown:
    """Make one request and read the whole answer, or say what its failure means for the message. Redirects are not followed."""
    try:
        return await _exchange(request, wires)
    except UnicodeEncodeError:
        reason = "the message holds characters that do not exist in UTF-8"
        return NotSent(code=Code.CONTENT_INVALID, reason=reason, action=Action.PERMANENT, trace=Trace(request=request.line))
    except (aiohttp.ClientError, TimeoutError) as error:
        return outcome_of_failure(error, request.line)


def outcome_of_failure(error: aiohttp.ClientError | TimeoutError, request: str) -> NotSent | Unknown:
    """Say what a failed HTTP exchange means for the message.

    Nothing was sent while no connection stood; once bytes may have left, nobody but the provider knows. ``request`` is the
    redacted request line for the trace.
    """
    trace = Trace(request=request)
    if egress.is_refused(error):
        return NotSent(code=Code.CREDENTIALS_REJECTED, reason=egress.REFUSED, action=Action.KEY, trace=trace)
    if isinstance(error, _BEFORE_THE_REQUEST_LEFT):
        return NotSent(code=Code.CONNECTION_FAILED, reason="could not connect to the provider", action=Action.RETRY, trace=trace)
    if isinstance(error, _NOT_USABLE):
        reason = "the channel key's base_url is not usable"
        return NotSent(code=Code.CREDENTIALS_REJECTED, reason=reason, action=Action.KEY, trace=trace)
    if isinstance(error, TimeoutError):
        return Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time", trace=trace)
    if isinstance(error, aiohttp.ClientResponseError) or isinstance(error.__cause__, ContentEncodingError):
        return Unknown(code=Code.ANSWER_UNREADABLE, reason="what the provider answered is not HTTP", trace=trace)
    return Unknown(code=Code.CONNECTION_LOST, reason="the connection was lost after the request left", trace=trace)


async def _exchange(request: Request, wires: Wires) -> Answer | Unknown:
    async with wires.http.request(
        request.method,
        request.url,
        headers={**request.headers, **_carried.get()},
        params=request.params,
        json=request.json,
        data=request.form or _parts(request.multipart),
        allow_redirects=False,
    ) as response:
        body = await _body(response)
    if body is None:
        trace = Trace(request=request.line, status=response.status)
        return Unknown(code=Code.ANSWER_UNREADABLE, reason="the provider's answer is too long", trace=trace)
    return Answer(request=request.line, status=response.status, headers=response.headers, body=body)


def _parts(fields: Mapping[str, str] | None) -> aiohttp.FormData | None:
    """Make fields of a form travel as multipart."""
    return None if fields is None else aiohttp.FormData(fields, default_to_multipart=True)


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    """Read the body, or ``None`` when it is longer than any answer should be."""
    body = await response.content.readany()
    while len(body) <= _LARGEST_BODY:
        chunk = await response.content.readany()
        if not chunk:
            return body
        body += chunk
    return None
