"""The connections to providers, shared by all adapters of a process."""

from dataclasses import dataclass

import httpx
from httpx_aiohttp import AiohttpTransport

from shared import settings
from worker.channels.base import Timeouts

_CONNECTIONS = 2000
_IDLE_SECONDS = 5.0
"""Short, because a request on a connection that its server has just closed has an unknown outcome."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessWires:
    """The HTTP client of the process and the limits every call keeps."""

    http: httpx.AsyncClient
    timeouts: Timeouts


def open_wires() -> ProcessWires:
    """Open the HTTP client on the running loop.

    httpx's own pool searches all its connections at every request, which costs more than the request with hundreds in flight;
    aiohttp's does not.
    """
    current = settings.get()
    timeouts = Timeouts(connect=current.connect_timeout, read=current.read_timeout)
    limits = httpx.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS)
    client = httpx.AsyncClient(
        transport=AiohttpTransport(limits=limits),
        timeout=httpx.Timeout(connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.pool),
        follow_redirects=False,
        trust_env=False,
    )
    return ProcessWires(http=client, timeouts=timeouts)
