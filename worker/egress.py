"""The connections to addresses that customers name: none leads to what is not on the public internet.

The address is judged when a socket is made for it, so that it is the one the connection goes to, whatever the name resolved to
before. Proxies of the environment are not used, since they would be what is connected to. Customers' webhooks go this way, and the
calls of channel keys that customers made; files that messages link to are fetched by providers, never by antar.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, Final, TypedDict

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.domain import addresses
from shared.domain.addresses import Network

_LOOK_UPS: Final = 64
"""Names looked up side by side: more than one account has subscriptions, so that no account's name servers hold up all of them. The
providers' names are none of these."""
_IDLE_SECONDS: Final = 4.0
"""Below the five seconds after which many servers close."""
_BUFFERED: Final = 4096
"""Bytes of an answer's body that are taken, about twice over, before the connection is closed."""


REFUSED: Final = "the channel key's provider is not on the public internet"
"""The reason of a key whose calls are refused."""


class AddressRefused(OSError):
    """The address is not on the public internet."""

    def __init__(self) -> None:
        super().__init__("the address is not on the public internet")


def open_session(allowed: Sequence[Network], resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Open a client on the running loop. Bodies of answers are not decoded, and cookies are not kept.

    Args:
        allowed: Networks that may be connected to although they are not public.
        resolver: Who looks names up; by default the machine's own resolver.
    """
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS, **guards(allowed, resolver))
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=_BUFFERED,
        trust_env=False,
    )


class Guards(TypedDict):
    """What makes a connector of aiohttp one of these."""

    resolver: AbstractResolver
    socket_factory: Callable[[Any], socket.socket]


def guards(allowed: Sequence[Network], resolver: AbstractResolver | None = None) -> Guards:
    """Give what a connector needs to connect to public addresses only, and to those in ``allowed``."""
    return {"resolver": resolver or _Resolver(allowed), "socket_factory": partial(_open_socket, allowed)}


def is_refused(error: BaseException) -> bool:
    """Tell whether a request failed because every address of its host is refused."""
    return isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, AddressRefused)


async def connect(host: str, port: int, allowed: Sequence[Network], resolver: AbstractResolver | None = None) -> socket.socket:
    """Connect a socket to the first of a host's addresses that takes it, for what is no HTTP.

    Raises :class:`AddressRefused` when no address may be connected to, otherwise :class:`OSError`.
    """
    found = await (resolver or _shared_resolver(tuple(allowed))).resolve(host, port, socket.AF_UNSPEC)
    failure: OSError = AddressRefused()
    for each in found:
        try:
            return await _connect(each, allowed)
        except OSError as error:
            failure = error
    raise failure


async def _connect(found: ResolveResult, allowed: Sequence[Network]) -> socket.socket:
    address = (found["host"], found["port"])
    opened = _open_socket(allowed, (found["family"], socket.SOCK_STREAM, found["proto"], "", address))
    with contextlib.ExitStack() as undo:
        undo.callback(opened.close)
        opened.setblocking(False)  # noqa: FBT003 - the standard library's own.
        await asyncio.get_running_loop().sock_connect(opened, address)
        undo.pop_all()
    return opened


def _open_socket(allowed: Sequence[Network], target: Any) -> socket.socket:
    """Make a socket for what ``getaddrinfo`` gave. Raises :class:`AddressRefused`."""
    family, kind, protocol, _, address = target
    if not _is_allowed(address[0], allowed):
        raise AddressRefused
    return socket.socket(family=family, type=kind, proto=protocol)


def _is_allowed(address: str, allowed: Sequence[Network]) -> bool:
    judged = addresses.literal(address)
    return judged is not None and addresses.may_be_reached(judged, allowed)


class _Resolver(AbstractResolver):
    """Looks names up in threads of its own. Of a name's addresses, refused ones are given only where there are no others."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._threads = ThreadPoolExecutor(max_workers=_LOOK_UPS, thread_name_prefix="names")

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Look a name up. Raises :class:`OSError`."""
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        except UnicodeError as error:
            raise OSError("no name of a host") from error
        results = [_result(host, each) for each in found]
        return [each for each in results if _is_allowed(each["host"], self._allowed)] or results

    async def close(self) -> None:
        """Wait for nothing."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@lru_cache(maxsize=1)
def _shared_resolver(allowed: tuple[Network, ...]) -> _Resolver:
    return _Resolver(allowed)


def _result(host: str, found: Any) -> ResolveResult:
    family, _, protocol, _, address = found
    return ResolveResult(
        hostname=host, host=address[0], port=address[1], family=family, proto=protocol, flags=socket.AI_NUMERICHOST
    )
