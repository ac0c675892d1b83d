"""What requests about templates may say beside their bodies. What is not known is ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args
from uuid import UUID

from api import lists
from api.errors import ResourceNotFound, invalid_value
from api.templates import models
from shared import ids
from shared.domain.channels import Channel
from shared.management.templates import Changes, Filters, Room

_FILTERS: Final = ("status", "active", "search")
_ACTIVE: Final = {"true": True, "false": False}
_LAST: Final = (1 << 63) - 1
"""The highest id there can be; only a cursor that somebody made up has a higher one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A page of templates, whose ids are numbers."""

    filters: Filters
    limit: int
    before_id: int | None
    search: lists.Search


def query(arguments: Mapping[str, str], room: Room) -> Query:
    """Read the query of a list. Raises :class:`api.errors.InvalidRequest` naming the parameter."""
    active = lists.one_of(arguments, "active", tuple(_ACTIVE))
    filters = Filters(
        status=lists.one_of(arguments, "status", get_args(models.Status)),
        active=None if active is None else _ACTIVE[active],
        search=_search(arguments),
    )
    search = ("channel_templates", room.account_id.hex, room.channel.value, *(arguments.get(name) for name in _FILTERS))
    last = lists.last_id(arguments, search)
    before_id = None if last is None else min(last.int, _LAST)
    return Query(filters=filters, limit=lists.limit(arguments), before_id=before_id, search=search)


def channel(name: str) -> Channel:
    """Read the channel of a path. Raises :class:`ResourceNotFound`."""
    if name not in set(Channel):
        raise ResourceNotFound("there is no such channel")
    return Channel(name)


def template_id(identifier: str) -> int:
    """Read the id of a path. Raises :class:`ResourceNotFound`."""
    number = int(identifier) if identifier.isascii() and identifier.isdigit() and len(identifier) <= len(str(_LAST)) else 0
    if not 0 < number <= _LAST:
        raise ResourceNotFound("there is no such template")
    return number


def key_id(identifier: str | None) -> UUID | None:
    """Read the id of a channel key that a body may name. Raises :class:`api.errors.InvalidRequest`."""
    found = None if identifier is None else ids.decode(ids.KEY, identifier)
    if identifier is not None and found is None:
        raise invalid_value("key", "must be the id of a channel key")
    return found


def changes(given: models.ChangedTemplate) -> Changes:
    """Give what is to change, by the names of the columns."""
    named: Changes = {}
    if given.name is not None:
        named["name"] = given.name
    if given.body is not None:
        named["body"] = given.body
    if given.language is not None:
        named["language"] = given.language
    if given.category is not None:
        named["category"] = given.category
    return named


def _search(arguments: Mapping[str, str]) -> str | None:
    text = arguments.get("search")
    if text is not None and (len(text.strip()) < models.FEWEST_TO_SEARCH or "\0" in text):
        raise invalid_value("search", f"must have {models.FEWEST_TO_SEARCH} characters or more")
    return None if text is None else text.strip()
