"""The connections under httpx, for every channel that is spoken to over HTTP.

httpx's own pool searches all its connections at every request, which costs more than the request with hundreds in flight; aiohttp's
does not. Cookies are never kept: a provider's answer to one account must not travel with the next account's request.
"""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import aiohttp
from httpx_aiohttp import AiohttpTransport

_CONNECTIONS: Final = 2000
_IDLE_SECONDS: Final = 4.0
"""Below the five seconds after which many servers close: a request on a connection just closed has an unknown outcome."""


def transport() -> AiohttpTransport:
    """Make a transport; its connections open on the loop that first uses it."""
    made = AiohttpTransport()
    made.client = lambda: _session(made)
    return made


def _session(of: AiohttpTransport) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS, ssl=of.ssl_context)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def no_cookies() -> CookieJar:
    """Give httpx a jar that takes nothing."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
