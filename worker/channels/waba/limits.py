"""Meta's published limits, kept before the call: what breaks one would be refused, with the call's cost and less to say."""

from collections.abc import Iterable, Sequence
from typing import Final

from shared.domain.outcome import Action, Code, NotSent
from worker.channels import files

TEXT_BODY: Final = 4096
CAPTION: Final = 1024
INTERACTIVE_BODY: Final = 1024
HEADER: Final = 60
FOOTER: Final = 60
BUTTONS: Final = 3
BUTTON_TITLE: Final = 20
BUTTON_ID: Final = 256
LIST_ROWS: Final = 10
LIST_SECTIONS: Final = 10
SECTION_TITLE: Final = 24
ROW_TITLE: Final = 24
ROW_DESCRIPTION: Final = 72
ROW_ID: Final = 200


class UnsendableError(Exception):
    """Meta would refuse the message; ``outcome`` says why."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.outcome = NotSent(code=code, reason=reason, action=Action.PERMANENT)


def invalid(reason: str) -> UnsendableError:
    """Make the refusal of a shape Meta does not take."""
    return UnsendableError(Code.CONTENT_INVALID, reason)


def within(field: str, text: str, limit: int) -> str:
    """Give the text back. Raises :class:`UnsendableError` when it has more than ``limit`` characters."""
    if len(text) > limit:
        raise UnsendableError(Code.CONTENT_TOO_LARGE, f"{field} has {len(text)} characters; Meta takes {limit}")
    return text


def filled(field: str, text: str | None, limit: int) -> str:
    """Give the text back. Raises :class:`UnsendableError` when there is none or too much."""
    if text is None or not text.strip():
        raise invalid(f"{field} must not be empty")
    return within(field, text, limit)


def at_most(field: str, values: Sequence[object], limit: int) -> None:
    """Raise :class:`UnsendableError` when there are more than ``limit`` values."""
    if len(values) > limit:
        raise invalid(f"{field}: {len(values)} are more than the {limit} Meta takes")


def distinct(field: str, values: Iterable[str]) -> None:
    """Raise :class:`UnsendableError` when a value is there twice."""
    listed = list(values)
    if len(set(listed)) < len(listed):
        raise invalid(f"{field} must differ from one another")


def link(field: str, url: str | None) -> str:
    """Give the URL back. Raises :class:`UnsendableError` unless it is one that Meta can fetch."""
    if url is None:
        raise invalid(f"{field} is missing")
    if not files.is_fetchable(url):
        raise invalid(f"{field} must be an http or https URL")
    return url
