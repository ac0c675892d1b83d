"""Which URLs can be given as the receiver of webhooks. What their names resolve to is judged at each connection."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from shared.domain import addresses, links
from shared.domain.addresses import Network

LONGEST: Final = 2048


def problem(url: str, allowed: Sequence[Network] = ()) -> str | None:
    """Say what is wrong with a URL, as what follows its name; ``None`` when nothing is.

    Args:
        url: As it was given.
        allowed: Networks that may be reached although they are not public, also without TLS.
    """
    parts = _split(url)
    host = parts.hostname if parts else None
    if parts is None or not host:
        return "must be an https URL"
    if parts.username is not None or parts.password is not None:
        return "must not contain credentials"
    if "#" in url:
        return "must not contain a fragment"
    return _problem_of_host(parts.scheme, host, allowed)


def _split(url: str) -> SplitResult | None:
    return urlsplit(url) if url.isascii() and "\\" not in url and links.is_web_url(url) else None


def _problem_of_host(scheme: str, host: str, allowed: Sequence[Network]) -> str | None:
    problem_of_address = addresses.problem(host, allowed)
    if problem_of_address is not None:
        return problem_of_address
    address = addresses.literal(host)
    if scheme != "https" and (address is None or not addresses.is_named(address, allowed)):
        return "must be an https URL"
    return None
