"""How long a caller wants to wait: the ``Prefer`` header (RFC 7240)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_WAIT: Final = 60.0
"""The longest wait a caller can ask for, in seconds."""

_ELEMENT: Final = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*"?)+')
_PREFERENCE: Final = re.compile(
    r"""\s*(?P<name>[!#$%&'*+.^_`|~0-9a-z-]+)
        (?:\s*=\s*(?:(?P<token>[!#$%&'*+.^_`|~0-9a-z-]+)|"(?P<quoted>(?:[^"\\]|\\.)*)")?)?
        \s*(?:;|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_ESCAPED: Final = re.compile(r"\\(.)")
_DIGITS: Final = re.compile(r"[0-9]+")
_MANY_DIGITS: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """What the caller prefers, as far as it is honoured."""

    respond_async: bool = False
    wait: float | None = None
    """In seconds, at most :data:`MAX_WAIT`; ``None`` leaves it to us."""

    @property
    def applied(self) -> str | None:
        """The value of ``Preference-Applied``; ``None`` when nothing was preferred."""
        wait = [] if self.wait is None else [f"wait={self.wait:g}"]
        return ", ".join(["respond-async"] * self.respond_async + wait) or None

    def seconds(self, default: float) -> float:
        """Say how long to wait for the outcome: asked to respond asynchronously, not at all unless a wait is given too."""
        if self.wait is not None:
            return self.wait
        return 0.0 if self.respond_async else default


@lru_cache(maxsize=256)
def parse(header: str | None) -> Preferences:
    """Read the header's value; several lines of it are joined by commas. What cannot be read is ignored."""
    given: dict[str, str] = {}
    for name, value in _preferences(header or ""):
        given.setdefault(name, value)
    return Preferences(respond_async=given.get("respond-async") == "", wait=_wait(given.get("wait", "")))


def _preferences(header: str) -> Iterator[tuple[str, str]]:
    for element in _ELEMENT.findall(header):
        match = _PREFERENCE.match(element)
        if match:
            yield match["name"].lower(), match["token"] or _ESCAPED.sub(r"\1", match["quoted"] or "")


def _wait(value: str) -> float | None:
    if not _DIGITS.fullmatch(value):
        return None
    digits = value.lstrip("0") or "0"
    return MAX_WAIT if len(digits) > _MANY_DIGITS else min(float(digits), MAX_WAIT)
