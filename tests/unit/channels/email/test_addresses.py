import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.channels.email import addresses


@pytest.mark.parametrize(
    ("address", "normalised"),
    [
        ("ann@example.com", "ann@example.com"),
        (" Ann.Lee+tag@Example.COM ", "Ann.Lee+tag@example.com"),
        ("o'brien@test.example", "o'brien@test.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("müller@test.example", "müller@test.example"),
        ("ann@localhost", "ann@localhost"),
        ("ann@relay.local", "ann@relay.local"),
        ("ann@mail.test", "ann@mail.test"),
        ("ann@test", "ann@test"),
    ],
)
def test_addresses_have_one_form(address: str, normalised: str) -> None:
    assert addresses.normalise(address) == normalised
    assert addresses.normalise(normalised) == normalised


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@@example.com",
        "ann@exa mple.com",
        "ann@example..com",
        "a..b@example.com",
        "ann@127.0.0.1",
        "ann@[127.0.0.1]",
        "ann@mail.invalid",
        "Ann <ann@example.com>",
        "ann@example.com,bob@example.com",
        "ann@example.com\r\nRCPT TO:<bob@example.com>",
        "ann\r\n@example.com",
        "ann\0@example.com",
        '"a b"@example.com',
        "a" * 65 + "@" + "b" * 190 + ".example",
    ],
)
def test_what_no_mail_could_reach_is_none(address: str) -> None:
    assert addresses.normalise(address) is None


@given(st.text(max_size=60) | st.from_regex(r"[a-z\r\n <>]{1,9}@[a-z\r\n.<> ]{1,12}"))
def test_a_normalised_address_can_never_leave_its_line(text: str) -> None:
    address = addresses.normalise(text)
    assert address is None or not any(character.isspace() or character in "<>," for character in address)


def test_the_domain_is_what_follows_the_at_sign() -> None:
    assert addresses.domain("ann@test.example") == "test.example"
