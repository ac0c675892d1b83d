"""The connections to providers, shared by all adapters of a process."""

import sys
from dataclasses import dataclass, replace
from typing import Final

import aiohttp

from shared import settings
from shared.credentials.base import Credentials
from worker.channels import transport
from worker.channels.base import Timeouts

_FILES: Final = 4096
"""Files and sockets that a process may need at once: the connections to providers twice over, for those to all others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessWires:
    """The HTTP connections of the process and the limits every call keeps."""

    http: aiohttp.ClientSession
    timeouts: Timeouts
    guarded: aiohttp.ClientSession | None = None
    """The connections of keys that may only reach public addresses. None of them is shared with the others."""

    def towards(self, credentials: Credentials) -> "ProcessWires":
        """Give the connections that a key may use."""
        return replace(self, http=self._guarded(), guarded=None) if credentials.public_only else self

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()
        if self.guarded is not None:
            await self.guarded.close()

    def _guarded(self) -> aiohttp.ClientSession:
        if self.guarded is None:
            raise ValueError("these connections are for keys that may reach every address")
        return self.guarded


def open_wires() -> ProcessWires:
    """Open the HTTP connections on the running loop."""
    _make_room()
    current = settings.get()
    timeouts = Timeouts(connect=current.connect_timeout, read=current.read_timeout)
    guarded = transport.open_guarded_session(timeouts, current.egress_allow)
    return ProcessWires(http=transport.open_session(timeouts), timeouts=timeouts, guarded=guarded)


def _make_room() -> None:
    """Raise the number of open files as far as the machine allows and need be: many start a process with 1024."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not to be had on Windows.

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
