from ipaddress import ip_network

import pytest

from shared.domain import webhook_urls

_ALLOWED = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
_NO_HTTPS = "must be an https URL"
_NOT_PUBLIC = "must be on the public internet"
_DISGUISED = "must have a name or an address in its usual form as its host"


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example:8443/hooks?key=1&a=%20",
        "https://8.8.8.8/hooks",
        "https://[2606:4700:4700::1111]/hooks",
        "https://localhost/hooks",
        "HTTPS://Shop.Example/Hooks",
    ],
)
def test_an_https_url_is_taken(url: str) -> None:
    assert webhook_urls.problem(url) is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://shop.example/hooks", _NO_HTTPS),
        ("http://8.8.8.8/hooks", _NO_HTTPS),
        ("ftp://shop.example", _NO_HTTPS),
        ("shop.example/hooks", _NO_HTTPS),
        ("https://", _NO_HTTPS),
        ("https:///hooks", _NO_HTTPS),
        ("https://shop.example:99999", _NO_HTTPS),
        ("https://shop.example:0", _NO_HTTPS),
        ("https://shop.example/a b", _NO_HTTPS),
        ("https://shop.example/\n", _NO_HTTPS),
        ("https://shop.example\\@evil.example", _NO_HTTPS),
        ("https://tokó.example", _NO_HTTPS),
        ("https://[::1", _NO_HTTPS),
        ("https://user@shop.example", "must not contain credentials"),
        ("https://user:secret@shop.example", "must not contain credentials"),
        ("https://@shop.example", "must not contain credentials"),
        ("https://shop.example/#a", "must not contain a fragment"),
        ("https://shop.example/#", "must not contain a fragment"),
        ("https://127.0.0.1/hooks", _NOT_PUBLIC),
        ("https://169.254.169.254/latest/meta-data", _NOT_PUBLIC),
        ("https://[::ffff:127.0.0.1]/hooks", _NOT_PUBLIC),
        ("https://[fd00::1]/hooks", _NOT_PUBLIC),
        ("https://2130706433/hooks", _DISGUISED),
        ("https://0177.0.0.1/hooks", _DISGUISED),
        ("https://0x7f.1/hooks", _DISGUISED),
    ],
)
def test_any_other_is_refused_and_says_why(url: str, problem: str) -> None:
    assert webhook_urls.problem(url) == problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/hooks", "https://127.0.0.1/", "http://[fd00::1]/hooks", "https://[fd00::1]"]
)
def test_an_address_that_an_operator_allows_is_taken_also_without_tls(url: str) -> None:
    assert webhook_urls.problem(url, _ALLOWED) is None


@pytest.mark.parametrize(
    "url", ["http://localhost/hooks", "http://10.0.0.1/hooks", "http://8.8.8.8/", "http://[::1]/", "http://127.1/"]
)
def test_only_such_an_address_is(url: str) -> None:
    assert webhook_urls.problem(url, _ALLOWED) is not None
