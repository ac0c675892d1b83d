"""Calls over HTTP: where *not sent* ends and *unknown* begins.

httpx runs over aiohttp here, and the transport between them (httpx-aiohttp) reports any broken connection, a reset long after
the request left included, as ``httpx.ConnectTimeout``. What aiohttp itself raised, which httpx keeps as the cause, tells the two
apart, so it is asked first.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import httpx

from shared.domain.outcome import Action, Code, NotSent, Trace, Unknown
from worker.channels.answers import Answer
from worker.channels.base import Timeouts, Wires

_BEFORE_THE_REQUEST_LEFT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
"""Includes a name that does not resolve, a refused connection and a failed TLS handshake."""

_NOT_USABLE: Final = (
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
_TOO_LATE: Final = (TimeoutError, httpx.TimeoutException)
_NOT_HTTP: Final = (aiohttp.ClientResponseError, httpx.DecodingError)

_LARGEST_BODY: Final = 1 << 20
"""Bytes of an answer that are read; no provider needs so many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request, of which ``line`` alone may be recorded. At most one of the bodies is set."""

    method: str = "POST"
    url: str
    line: str
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: httpx.Auth | None = None
    params: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    multipart: Mapping[str, str] | None = None


async def exchange(request: Request, wires: Wires) -> Answer | NotSent | Unknown:
    """Make one request and read the whole answer, or say what its failure means for the message. Redirects are not followed."""
    try:
        async with asyncio.timeout(_overall(wires.timeouts)):
            return await _exchange(request, wires)
    except UnicodeEncodeError:
        reason = "the message holds characters that do not exist in UTF-8"
        return NotSent(code=Code.CONTENT_INVALID, reason=reason, action=Action.PERMANENT, trace=Trace(request=request.line))
    except (httpx.RequestError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError) as error:
        return outcome_of_failure(error, request.line)


def outcome_of_failure(error: Exception, request: str) -> NotSent | Unknown:
    """Say what a failed HTTP exchange means for the message.

    Nothing was sent while no connection stood; once bytes may have left, nobody but the provider knows. ``request`` is the
    redacted request line for the trace.
    """
    trace = Trace(request=request)
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    if isinstance(cause, _BEFORE_THE_REQUEST_LEFT):
        return NotSent(code=Code.CONNECTION_FAILED, reason="could not connect to the provider", action=Action.RETRY, trace=trace)
    if isinstance(cause, _NOT_USABLE):
        reason = "the channel key's base_url is not usable"
        return NotSent(code=Code.CREDENTIALS_REJECTED, reason=reason, action=Action.KEY, trace=trace)
    if isinstance(cause, _TOO_LATE):
        return Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time", trace=trace)
    if isinstance(cause, _NOT_HTTP):
        return Unknown(code=Code.ANSWER_UNREADABLE, reason="what the provider answered is not HTTP", trace=trace)
    return Unknown(code=Code.CONNECTION_LOST, reason="the connection was lost after the request left", trace=trace)


def _overall(timeouts: Timeouts) -> float:
    """Bound the whole call, in seconds: the transport has no limit for writing, and a trickling answer meets none for reading."""
    return timeouts.pool + timeouts.connect + timeouts.write + timeouts.read


async def _exchange(request: Request, wires: Wires) -> Answer | Unknown:
    async with wires.http.stream(
        request.method,
        request.url,
        headers=request.headers,
        auth=request.auth,
        params=request.params,
        json=request.json,
        data=request.form,
        files=_parts(request.multipart),
        timeout=_limits(wires.timeouts),
        follow_redirects=False,
    ) as response:
        body = await _body(response)
    if body is None:
        trace = Trace(request=request.line, status=response.status_code)
        return Unknown(code=Code.ANSWER_UNREADABLE, reason="the provider's answer is too long", trace=trace)
    return Answer(request=request.line, status=response.status_code, headers=response.headers, body=body)


def _parts(fields: Mapping[str, str] | None) -> list[tuple[str, tuple[None, str]]] | None:
    """Make fields of a form travel as multipart, which httpx does for files only: as files without a name."""
    return None if fields is None else [(name, (None, value)) for name, value in fields.items()]


def _limits(timeouts: Timeouts) -> httpx.Timeout:
    return httpx.Timeout(connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.pool)


async def _body(response: httpx.Response) -> bytes | None:
    """Read the body, or ``None`` when it is longer than any answer should be."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_BODY:
            return None
    return bytes(body)
