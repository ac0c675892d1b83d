"""What the query of a search may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from api.errors import InvalidRequest
from api.sends import cursors
from shared.domain import times
from shared.domain.channels import Channel
from shared.domain.states import SendState
from shared.management.search import Filters

_DEFAULT_LIMIT: Final = 25
_MOST: Final = 100
_FILTERS: Final = ("state", "channel", "created_after", "created_before", "recipient")

_Named = TypeVar("_Named", bound=StrEnum)


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A page of a search."""

    filters: Filters
    limit: int
    before_id: UUID | None
    """The last item of the page before."""
    search: tuple[str | None, ...]
    """What a cursor of this search is bound to."""


def parse(arguments: Mapping[str, str], account_id: UUID) -> Query:
    """Read a query; parameters that are not known are ignored. Raises :class:`InvalidRequest` naming the parameter."""
    filters = Filters(
        state=_choice(arguments, "state", SendState),
        channel=_choice(arguments, "channel", Channel),
        created_after=moment(arguments, "created_after"),
        created_before=moment(arguments, "created_before"),
        recipient=_recipient(arguments),
    )
    search = (account_id.hex, *(arguments.get(name) for name in _FILTERS))
    return Query(filters=filters, limit=limit(arguments), before_id=last_id(arguments, search), search=search)


def _choice(arguments: Mapping[str, str], name: str, choices: type[_Named]) -> _Named | None:
    text = arguments.get(name)
    if text is None:
        return None
    if text not in set(choices):
        raise _invalid(name, f"must be one of {', '.join(choices)}")
    return choices(text)


def moment(arguments: Mapping[str, str], name: str) -> datetime | None:
    """Read a time. Raises :class:`InvalidRequest`."""
    text = arguments.get(name)
    if text is None:
        return None
    found = times.parse(text)
    if found is None:
        raise _invalid(name, "must be ISO 8601 or unix seconds")
    return found


def _recipient(arguments: Mapping[str, str]) -> str | None:
    text = arguments.get("recipient")
    if text is not None and (not text.strip() or "\0" in text):
        raise _invalid("recipient", "must be a recipient's address")
    return text


def limit(arguments: Mapping[str, str]) -> int:
    """Read how many items a page is to have. Raises :class:`InvalidRequest`."""
    text = arguments.get("limit", str(_DEFAULT_LIMIT))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) else 0
    if not 1 <= number <= _MOST:
        raise InvalidRequest("invalid_limit", f"limit must be a number from 1 to {_MOST}", param="limit")
    return number


def last_id(arguments: Mapping[str, str], search: tuple[str | None, ...]) -> UUID | None:
    """Read the last item of the page before, if there was one. Raises :class:`InvalidRequest`."""
    text = arguments.get("cursor")
    if text is None:
        return None
    identifier = cursors.decode(text, search)
    if identifier is None:
        raise InvalidRequest("invalid_cursor", "cursor must be a next_cursor of a search with the same filters", param="cursor")
    return identifier


def _invalid(name: str, problem: str) -> InvalidRequest:
    return InvalidRequest("invalid_field_value", f"{name} {problem}", param=name)
