"""The connections to providers, shared by all adapters of a process."""

import sys
from dataclasses import dataclass
from typing import Final

import aiohttp

from shared import settings
from worker.channels import transport
from worker.channels.base import Timeouts

_FILES: Final = 4096
"""Files and sockets that a process may need at once: the connections to providers twice over, for those to all others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessWires:
    """The HTTP connections of the process and the limits every call keeps."""

    http: aiohttp.ClientSession
    timeouts: Timeouts


def open_wires() -> ProcessWires:
    """Open the HTTP connections on the running loop."""
    _make_room()
    current = settings.get()
    timeouts = Timeouts(connect=current.connect_timeout, read=current.read_timeout)
    return ProcessWires(http=transport.open_session(timeouts), timeouts=timeouts)


def _make_room() -> None:
    """Raise the number of open files as far as the machine allows and need be: many start a process with 1024."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not to be had on Windows.

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
