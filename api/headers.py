"""What browsers and caches are told with every answer, unless a route says otherwise: nothing is kept, guessed, framed or run.

``Strict-Transport-Security`` is not among it: it speaks for the whole host and all that is served there, and so for whoever ends
TLS before the api.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

POLICY: Final = "Content-Security-Policy"


def policy(style: str | None = None, form: str = "'none'") -> str:
    """Write a policy by which nothing is loaded, run or framed.

    Args:
        style: The hash of the one style sheet that stands in the page itself.
        form: Where its forms may go.
    """
    styled = "" if style is None else f" style-src '{style}';"
    return f"default-src 'none';{styled} form-action {form}; base-uri 'none'; frame-ancestors 'none'"


def hashed(text: str) -> str:
    """Give the hash by which a policy names a text of the page."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


_ALWAYS: Final = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), (POLICY, policy()))
_NAMES: Final = frozenset(name.lower() for name, _ in _ALWAYS)
_TAGGED: Final = (("Cache-Control", "private, no-cache"),)
"""With a tag it may be held by who asked, and is asked each time whether it still is the same."""
_KEPT_BY_NOBODY: Final = (("Cache-Control", "no-store"),)


def missing(given: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Give what an answer does not say by itself."""
    names = {name.lower() for name, _ in given}
    always = _ALWAYS if names.isdisjoint(_NAMES) else tuple(each for each in _ALWAYS if each[0].lower() not in names)
    if "cache-control" in names:
        return always
    return always + (_TAGGED if "etag" in names else _KEPT_BY_NOBODY)
