"""What a channel key may say about where its provider is and how to enter: checked when the key is made, not at each call."""

from typing import Annotated, Final

import httpx
from pydantic import AfterValidator, SecretStr

_SCHEMES: Final = frozenset({"http", "https"})
_LAST_PORT: Final = 65_535


def _usable_base_url(value: str) -> str:
    """Keep an http or https URL that names a host and perhaps a path, without the slash at its end."""
    try:
        url = httpx.URL(value)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError("not a URL") from error
    if url.scheme not in _SCHEMES or not url.host or (url.port or 0) > _LAST_PORT:
        raise ValueError("must be an http or https URL with a host, and a port that exists if any")
    if url.query or url.fragment or url.userinfo:
        raise ValueError("must not have a user, a query or a fragment")
    return str(url).rstrip("/")


def _fits_a_header(value: str) -> str:
    """Refuse what could not stand in a header of HTTP, or would end it."""
    if not (value.isascii() and value.isprintable() and value == value.strip() and value):
        raise ValueError("must be printable ASCII without spaces around it")
    return value


def _fits_a_header_secretly(value: SecretStr) -> SecretStr:
    _fits_a_header(value.get_secret_value())
    return value


def _not_empty(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise ValueError("must not be empty: without one no webhook is taken")
    return value


BaseUrl = Annotated[str, AfterValidator(_usable_base_url)]
"""Where a provider's API begins."""

HeaderText = Annotated[str, AfterValidator(_fits_a_header)]
"""A string that goes into a header or a path."""

HeaderSecret = Annotated[SecretStr, AfterValidator(_fits_a_header_secretly)]
"""A secret that goes into a header."""

WebhookSecret = Annotated[SecretStr, AfterValidator(_not_empty)]
"""What a provider signs its webhooks with."""
