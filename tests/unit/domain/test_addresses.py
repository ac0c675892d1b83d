"""Every range that is not the public internet's is refused, in every writing, unless an operator allows it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import addresses

REFUSED = {
    "this network": "0.0.0.0 0.255.255.255",
    "private 10": "10.0.0.0 10.255.255.255",
    "shared by carriers": "100.64.0.0 100.127.255.255",
    "loopback": "127.0.0.1 127.255.255.255",
    "link-local": "169.254.0.1 169.254.169.254",
    "private 172": "172.16.0.0 172.31.255.255",
    "protocol assignments": "192.0.0.1 192.0.0.255",
    "documentation": "192.0.2.1 198.51.100.7 203.0.113.255",
    "relays of 6to4": "192.88.99.1",
    "private 192": "192.168.0.0 192.168.255.255",
    "benchmarks": "198.18.0.0 198.19.255.255",
    "multicast": "224.0.0.1 239.255.255.255",
    "reserved": "240.0.0.1 255.255.255.254",
    "broadcast": "255.255.255.255",
    "unspecified": "::",
    "loopback 6": "::1",
    "compatible": "::127.0.0.1 ::8.8.8.8",
    "mapped": "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8",
    "NAT64": "64:ff9b::127.0.0.1 64:ff9b::8.8.8.8",
    "local NAT64": "64:ff9b:1::10.0.0.1 64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "discard": "100::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "benchmarks 6": "2001:2::1",
    "ORCHID": "2001:10::1 2001:20::1",
    "documentation 6": "2001:db8::1 3fff::1",
    "6to4": "2002:7f00:1::1 2002:808:808::1",
    "segment routing": "5f00::1",
    "unique local": "fc00::1 fdff:ffff::1",
    "link-local 6": "fe80::1 fe80::1%eth0 febf::1",
    "site-local": "fec0::1",
    "multicast 6": "ff02::1 ff0e::1",
}
PUBLIC = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 172.15.255.255 172.32.0.0 \
192.0.1.0 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 2000::1 2001:200::1 2606:4700:4700::1111 2a00:1450:4001::1"


@pytest.mark.parametrize("text", [text for texts in REFUSED.values() for text in texts.split()])
def test_what_is_not_public_is_refused_unless_it_is_allowed(text: str) -> None:
    address = ip_address(text)
    assert not addresses.may_be_reached(address)
    assert addresses.may_be_reached(address, [ip_network("0.0.0.0/0"), ip_network("::/0")])


@pytest.mark.parametrize("text", PUBLIC.split())
def test_what_is_public_may_be_reached(text: str) -> None:
    assert addresses.may_be_reached(ip_address(text))


@pytest.mark.parametrize(
    ("text", "allowed", "reached"),
    [
        ("127.0.0.1", "127.0.0.0/8", True),
        ("10.1.2.3", "10.1.0.0/16", True),
        ("10.2.2.3", "10.1.0.0/16", False),
        ("::ffff:127.0.0.1", "127.0.0.0/8", False),
        ("::ffff:127.0.0.1", "::ffff:0:0/96", False),
        ("::ffff:127.0.0.1", "127.0.0.0/8 ::ffff:0:0/96", True),
        ("64:ff9b::8.8.8.8", "64:ff9b::/96", True),
        ("64:ff9b::10.0.0.1", "64:ff9b::/96", False),
        ("2002:a00:1::1", "2002::/16", False),
        ("2002:808:808::1", "2002::/16", True),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "2001::/32", False),
        ("::1", "::1/128", True),
        ("fd00::1", "10.0.0.0/8", False),
    ],
)
def test_an_allowed_network_allows_what_lies_in_it_and_nothing_inside_that(text: str, allowed: str, reached: bool) -> None:  # noqa: FBT001 - a table.
    assert addresses.may_be_reached(ip_address(text), [ip_network(each) for each in allowed.split()]) is reached


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_no_address_inside_another_is_reached_that_could_not_be_itself(number: int) -> None:
    inner = IPv4Address(number)
    everything = [ip_network("::/0")]
    for outer in (f"::ffff:{inner}", f"64:ff9b::{inner}", f"64:ff9b:1::{inner}", IPv6Address(0x2002 << 112 | number << 80)):
        assert addresses.may_be_reached(ip_address(str(outer)), everything) is addresses.may_be_reached(inner)


@given(st.ip_addresses(v=4))
def test_nothing_is_public_that_the_standard_library_holds_private(address: IPv4Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local:
        assert not addresses.may_be_reached(address)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0177.0.0.1", "127.1", "0x7f.0.0.1", "0x7f000001", "127.0.0.01", "1.2.3.4.5", "a.0x1", "300.1.1.1", "127.1."],
)
def test_an_address_in_disguise_is_told(host: str) -> None:
    assert addresses.is_disguised(host)


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "::1", "1.example", "a1", "xn--p1ai", "0x.example"])
def test_a_name_or_an_address_is_no_disguise(host: str) -> None:
    assert not addresses.is_disguised(host)
