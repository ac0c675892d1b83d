"""Which addresses are the public internet's: whatever a customer names, antar connects to no others.

The networks are those of the registries of special-purpose addresses (RFC 6890 and IANA's tables) that are not reached globally,
or that lead to an address inside another.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by carriers
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local, and the metadata of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_UNICAST_6: Final = IPv6Network("2000::/3")
"""Outside lie loopback, unspecified, mapped, NAT64, unique local, link-local, site-local and multicast addresses."""
_NOT_PUBLIC_6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)
_ENDING_IN_IPV4: Final = tuple(map(IPv6Network, ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""Compatible, mapped, and two of NAT64."""
_IPV4_BITS: Final = 0xFFFF_FFFF


def literal(host: str) -> Address | None:
    """Read a host of a URL as an address in its usual writing; ``None`` when it is anything else."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_disguised(host: str) -> bool:
    """Tell an address that is not in its usual writing, as ``127.1``, ``0x7f.1`` or ``2130706433``, from a name.

    No name ends so: the last part of one is never a number (RFC 3696, 2).
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    return literal(host) is None and (last.isdecimal() or last.startswith("0x"))


def problem(host: str, allowed: Iterable[Network] = ()) -> str | None:
    """Say why a host that a customer names cannot be connected to, as what follows its name; ``None`` when nothing is known yet.

    What a name leads to is judged at each connection.
    """
    if is_disguised(host):
        return "must have a name or an address in its usual form as its host"
    address = literal(host)
    return "must be on the public internet" if address is not None and not may_be_reached(address, allowed) else None


def is_named(address: Address, networks: Iterable[Network]) -> bool:
    """Tell whether an address lies in one of some networks."""
    return any(address.version == network.version and address in network for network in networks)


def may_be_reached(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Tell whether antar may connect to an address: it, and those inside it, are public or in an ``allowed`` network."""
    networks = tuple(allowed)
    return all(_is_public(each) or is_named(each, networks) for each in _all_named(address))


def _all_named(address: Address) -> Iterator[Address]:
    yield address
    if isinstance(address, IPv6Address):
        yield from _inside(address)


def _inside(address: IPv6Address) -> Iterator[IPv4Address]:
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if any(address in network for network in _ENDING_IN_IPV4) and int(address) > 1:
        yield IPv4Address(int(address) & _IPV4_BITS)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _UNICAST_6 and not any(address in network for network in _NOT_PUBLIC_6)
