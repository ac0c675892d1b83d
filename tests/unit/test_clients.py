"""Who a client is, by the address of its connection and what trusted proxies say."""

from ipaddress import ip_network

import pytest

from api import clients

_OURS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("connected", "forwarded", "name"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:50123", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8:1:2:3::4]:50123", "2001:db8:1:2::/64"),
        ("10.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("fd00::1", "203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("2001:db8:1:2::1", "", "2001:db8:1:2::/64"),
        ("", "203.0.113.9", clients.UNKNOWN),
        ("nonsense", "", clients.UNKNOWN),
        ("10.0.0.1", "," * 5000, "10.0.0.1"),
        ("10.0.0.1", "[", "10.0.0.1"),
    ],
)
def test_a_client_is_named(connected: str, forwarded: str, name: str) -> None:
    assert clients.named(connected, forwarded, _OURS) == name


def test_without_a_proxy_of_ours_nobody_is_believed() -> None:
    assert clients.named("10.0.0.1", "203.0.113.9", ()) == "10.0.0.1"
