"""The connections of every channel that is spoken to over HTTP.

They are aiohttp's: with hundreds of calls in flight its pool costs a fraction of httpx's, which searches all connections at every
request. Cookies are never kept: a provider's answer to one account must not travel with the next account's request.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import httpx
from pydantic_core import PydanticSerializationError, to_json

from shared.domain.addresses import Network
from worker import egress
from worker.channels.base import Timeouts

_CONNECTIONS: Final = 2000
_IDLE_SECONDS: Final = 4.0
"""Below the five seconds after which many servers close: a request on a connection just closed has an unknown outcome."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def write(document: Any) -> bytes:
    """Write JSON.

    Raises :class:`UnicodeEncodeError` for what does not exist in UTF-8, and :class:`ValueError` for a number that JSON has not.
    """
    try:
        written = to_json(document)
    except PydanticSerializationError:
        return _write_strictly(document)
    return _write_strictly(document) if b"NaN" in written or b"Infinity" in written else written


def _write_strictly(document: Any) -> bytes:
    return _ENCODER.encode(document).encode()


def open_session(timeouts: Timeouts, connections: int = _CONNECTIONS) -> aiohttp.ClientSession:
    """Open the connections on the running loop. They trust the authorities that certifi lists, or ``SSL_CERT_FILE``."""
    return _session(
        aiohttp.TCPConnector(limit=connections, keepalive_timeout=_IDLE_SECONDS, ssl=httpx.create_ssl_context()), timeouts
    )


def open_guarded_session(timeouts: Timeouts, allowed: Sequence[Network]) -> aiohttp.ClientSession:
    """Open the like for the keys of customers: they connect to public addresses only, and to those in ``allowed``."""
    connector = aiohttp.TCPConnector(
        limit=_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS, ssl=httpx.create_ssl_context(), **egress.guards(allowed)
    )
    return _session(connector, timeouts)


def _session(connector: aiohttp.TCPConnector, timeouts: Timeouts) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "antar"},
        json_serialize_bytes=write,
        timeout=_limits(timeouts),
        trust_env=False,
    )


def _limits(timeouts: Timeouts) -> aiohttp.ClientTimeout:
    """Give aiohttp's own limits. Its ``connect`` is from asking for a connection to having one, whether kept or new.

    ``total`` bounds the whole call: there is no limit for writing, and a trickling answer meets none for reading.
    """
    return aiohttp.ClientTimeout(
        total=timeouts.pool + timeouts.connect + timeouts.write + timeouts.read,
        connect=timeouts.pool,
        sock_connect=timeouts.connect,
        sock_read=timeouts.read,
    )
