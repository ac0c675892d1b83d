"""What the query of any list may say, and the page that answers it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from flask import Response, jsonify

from api import cursors, request_ids
from api.errors import InvalidRequest, invalid_value
from shared.domain import times

_DEFAULT_LIMIT: Final = 25
_MOST: Final = 100
LAST_NUMBER: Final = 2**63 - 1
"""The highest id that is a number; only a cursor that somebody made up has a higher one."""

Search = tuple[str | None, ...]
"""What makes a list what it is: a cursor is bound to it."""

_Named = TypeVar("_Named", bound=StrEnum)
_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a list, the newest first; lists with filters add them."""

    limit: int
    before_id: UUID | None
    """The last item of the page before."""
    search: Search

    @property
    def before_number(self) -> int | None:
        """The last item of the page before, where the ids are numbers."""
        return None if self.before_id is None else min(self.before_id.int, LAST_NUMBER)


def page(arguments: Mapping[str, str], search: Search) -> Page:
    """Read which page is asked for. Raises :class:`InvalidRequest`."""
    return Page(limit=limit(arguments), before_id=last_id(arguments, search), search=search)


def limit(arguments: Mapping[str, str]) -> int:
    """Read how many items a page is to have. Raises :class:`InvalidRequest`."""
    text = arguments.get("limit", str(_DEFAULT_LIMIT))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) else 0
    if not 1 <= number <= _MOST:
        raise InvalidRequest("invalid_limit", f"limit must be a number from 1 to {_MOST}", param="limit")
    return number


def last_id(arguments: Mapping[str, str], search: Search) -> UUID | None:
    """Read the last item of the page before, if there was one. Raises :class:`InvalidRequest`."""
    text = arguments.get("cursor")
    if text is None:
        return None
    identifier = cursors.decode(text, search)
    if identifier is None:
        raise InvalidRequest("invalid_cursor", "cursor must be a next_cursor of a search with the same filters", param="cursor")
    return identifier


def one_of(arguments: Mapping[str, str], name: str, choices: Collection[str]) -> str | None:
    """Read a parameter of a closed list. Raises :class:`InvalidRequest`."""
    text = arguments.get(name)
    if text is not None and text not in choices:
        raise invalid_value(name, f"must be one of {', '.join(choices)}")
    return text


def member(arguments: Mapping[str, str], name: str, kind: type[_Named]) -> _Named | None:
    """Read a parameter that is one of an enumeration. Raises :class:`InvalidRequest`."""
    text = one_of(arguments, name, tuple(kind))
    return None if text is None else kind(text)


def moment(arguments: Mapping[str, str], name: str) -> datetime | None:
    """Read a time. Raises :class:`InvalidRequest`."""
    text = arguments.get(name)
    if text is None:
        return None
    found = times.parse(text)
    if found is None:
        raise invalid_value(name, "must be ISO 8601 or unix seconds")
    return found


def told(data: dict[str, Any] | list[dict[str, Any]], status: int = 200) -> Response:
    """Answer with one thing, or with a few that need no pages."""
    response = jsonify(data=data, request_id=request_ids.current())
    response.status_code = status
    return response


def answer(data: Sequence[dict[str, Any]], last: UUID | None, search: Search) -> Response:
    """Answer with a page; ``last`` is the item after which the next one begins, ``None`` where there is none."""
    next_cursor = None if last is None else cursors.encode(last, search)
    return jsonify(data=data, has_more=last is not None, next_cursor=next_cursor, request_id=request_ids.current())


def answer_found(
    found: Sequence[_Item],
    limit: int,
    search: Search,
    rendered: Callable[[_Item], dict[str, Any]],
    identify: Callable[[_Item], UUID],
) -> Response:
    """Answer with a page of what was found, which is one more than the page holds where another follows."""
    shown = found[:limit]
    return answer([rendered(each) for each in shown], identify(shown[-1]) if len(found) > limit else None, search)
