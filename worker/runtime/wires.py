"""The connections to providers, shared by all adapters of a process."""

from dataclasses import dataclass

import httpx

from shared import settings
from worker.channels import transport
from worker.channels.base import Timeouts


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessWires:
    """The HTTP client of the process and the limits every call keeps."""

    http: httpx.AsyncClient
    timeouts: Timeouts


def open_wires() -> ProcessWires:
    """Open the HTTP client on the running loop."""
    current = settings.get()
    timeouts = Timeouts(connect=current.connect_timeout, read=current.read_timeout)
    client = httpx.AsyncClient(
        transport=transport.transport(),
        cookies=transport.no_cookies(),
        timeout=httpx.Timeout(connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.pool),
        follow_redirects=False,
        trust_env=False,
    )
    return ProcessWires(http=client, timeouts=timeouts)
