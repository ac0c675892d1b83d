"""What a channel key may hold."""

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from shared.credentials.endpoints import BaseUrl, HeaderSecret, HeaderText

URLS: TypeAdapter[str] = TypeAdapter(BaseUrl)
TEXTS: TypeAdapter[str] = TypeAdapter(HeaderText)
SECRETS: TypeAdapter[SecretStr] = TypeAdapter(HeaderSecret)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://graph.facebook.com", "https://graph.facebook.com"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000"),
        ("http://waha:3000/api//", "http://waha:3000/api"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_address_of_a_server_is_kept(written: str, kept: str) -> None:
    assert URLS.validate_python(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        *("", "waha:3000", "/api", "ftp://a.example", "http://", "http://[::1", "http://a.example:99999", "http://a\n.example"),
        *("http://user:pass@a.example", "http://a.example?x=1", "http://a.example#x", f"http://{'a' * 64}.example", "http://a..b"),
    ],
)
def test_address_of_no_server_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        URLS.validate_python(written)


@pytest.mark.parametrize("written", ["", " a", "a ", "a\nb", "a\r\nX-Other: b", "ключ", "a\0"])
def test_what_cannot_stand_in_a_header_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        TEXTS.validate_python(written)
    with pytest.raises(ValidationError):
        SECRETS.validate_python(written)


def test_secret_stays_one() -> None:
    secret = SECRETS.validate_python("user:pass word")
    assert "pass" not in repr(secret)
    assert secret.get_secret_value() == "user:pass word"
