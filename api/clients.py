"""Where a request comes from, as far as it is known: the address of the connection, or what a proxy of ours says in its place."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from flask import request

from shared import settings
from shared.domain.addresses import Network

UNKNOWN: Final = "unknown"
"""The name of those whose connection has no address, as by a socket file."""
_OF_ONE: Final = 64
"""The bits of an IPv6 address that are one customer's: the rest is his to change with each connection."""

_Address = IPv4Address | IPv6Address


def name() -> str:
    """Name who sends the request at hand, so that those are told apart who can be."""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    return named(request.environ.get("REMOTE_ADDR", ""), forwarded, settings.get().trusted_proxies)


def named(connected: str, forwarded: str, trusted: Iterable[Network]) -> str:
    """Name the client of a connection.

    Args:
        connected: The address at its other end.
        forwarded: ``X-Forwarded-For``: each proxy adds whom it was asked by, so that what stands left of the last one that is
            not ours is anybody's invention.
        trusted: The networks of our own proxies. Without one the header says nothing.
    """
    networks = tuple(trusted)
    client = _read(connected)
    for each in reversed(forwarded.split(",")):
        if client is None or not any(client in network for network in networks):
            break
        further = _read(each)
        if further is None:
            break
        client = further
    return UNKNOWN if client is None else _name(client)


def _read(text: str) -> _Address | None:
    """Read an address as proxies write it: IPv6 in brackets or not, a port after it or not."""
    address = text.strip()
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(read, IPv6Address) and read.ipv4_mapped) or read


def _name(client: _Address) -> str:
    return str(client) if isinstance(client, IPv4Address) else str(ip_network((client, _OF_ONE), strict=False))
