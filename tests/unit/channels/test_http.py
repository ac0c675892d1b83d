"""The boundary between *not sent* and *unknown*, for every failure aiohttp can report."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp import client_exceptions

from shared.domain.outcome import Action, Code, NotSent, Unknown
from worker.channels import http

BEFORE = (Code.CONNECTION_FAILED, Action.RETRY)
UNUSABLE = (Code.CREDENTIALS_REJECTED, Action.KEY)
LATE = (Code.ANSWER_TIMEOUT, None)
LOST = (Code.CONNECTION_LOST, None)
UNREADABLE = (Code.ANSWER_UNREADABLE, None)

KEY = Mock(host="a.example", port=443, ssl=True)
REFUSED = OSError(111, "refused")
OF_AIOHTTP: list[tuple[aiohttp.ClientError, Any]] = [
    (aiohttp.ClientConnectorError(KEY, REFUSED), BEFORE),
    (aiohttp.ClientConnectorDNSError(KEY, REFUSED), BEFORE),
    (aiohttp.ClientProxyConnectionError(KEY, REFUSED), BEFORE),
    (client_exceptions.UnixClientConnectorError("/a", KEY, REFUSED), BEFORE),
    (aiohttp.ClientSSLError(KEY, REFUSED), BEFORE),
    (aiohttp.ClientConnectorSSLError(KEY, REFUSED), BEFORE),
    (aiohttp.ClientConnectorCertificateError(KEY, REFUSED), BEFORE),
    (aiohttp.ConnectionTimeoutError("late"), BEFORE),
    (aiohttp.ServerFingerprintMismatch(b"a", b"b", "a.example", 443), BEFORE),
    (aiohttp.InvalidURL("x"), UNUSABLE),
    (aiohttp.InvalidUrlClientError("x"), UNUSABLE),
    (aiohttp.InvalidUrlRedirectClientError("x"), UNUSABLE),
    (aiohttp.NonHttpUrlClientError("x"), UNUSABLE),
    (aiohttp.NonHttpUrlRedirectClientError("x"), UNUSABLE),
    (aiohttp.SocketTimeoutError("late"), LATE),
    (aiohttp.ServerTimeoutError("late"), LATE),
    (aiohttp.ClientResponseError(Mock(), ()), UNREADABLE),
    (aiohttp.ContentTypeError(Mock(), ()), UNREADABLE),
    (aiohttp.TooManyRedirects(Mock(), ()), UNREADABLE),
    (aiohttp.WSServerHandshakeError(Mock(), ()), UNREADABLE),
    (aiohttp.ClientHttpProxyError(Mock(), ()), BEFORE),
    (aiohttp.ClientOSError(104, "reset"), LOST),
    (aiohttp.ClientConnectionResetError("closing"), LOST),
    (aiohttp.ServerDisconnectedError("gone"), LOST),
    (aiohttp.ServerConnectionError("gone"), LOST),
    (aiohttp.ClientConnectionError("gone"), LOST),
    (aiohttp.ClientPayloadError("cut"), LOST),
    (client_exceptions.UploadAbortedError("cut"), LOST),
    (aiohttp.RedirectClientError("moved"), LOST),
    (aiohttp.ClientError("?"), LOST),
]


def subclasses(of: type[Exception]) -> Iterator[type[Exception]]:
    yield of
    for below in of.__subclasses__():
        yield from subclasses(below)


def verdict(error: aiohttp.ClientError | TimeoutError) -> tuple[Code, Action | None]:
    outcome = http.outcome_of_failure(error, "POST /send")
    assert outcome.trace is not None
    assert outcome.trace.request == "POST /send"
    assert isinstance(outcome, NotSent | Unknown)
    return outcome.code, outcome.action if isinstance(outcome, NotSent) else None


@pytest.mark.parametrize(("error", "expected"), OF_AIOHTTP, ids=lambda value: type(value).__name__)
def test_failure_of_aiohttp(error: aiohttp.ClientError, expected: object) -> None:
    assert verdict(error) == expected


def test_every_failure_of_aiohttp_is_judged() -> None:
    known = {error for error in subclasses(aiohttp.ClientError) if error.__module__.startswith("aiohttp.client")}
    assert known == {type(error) for error, _ in OF_AIOHTTP}


def test_call_beyond_all_limits_is_late() -> None:
    assert verdict(TimeoutError()) == LATE
