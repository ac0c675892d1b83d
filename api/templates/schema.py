"""What requests about templates may say beside their bodies. What is not known is ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from api import lists, native
from api.errors import invalid_value
from api.templates import models
from shared.management.templates import Changes, Filters, Room

_FILTERS: Final = ("status", "active", "search")


@dataclass(frozen=True, kw_only=True, slots=True)
class Query(lists.Page):
    """A page of templates, whose ids are numbers."""

    filters: Filters


def query(arguments: Mapping[str, str], room: Room) -> Query:
    """Read the query of a list. Raises :class:`api.errors.InvalidRequest` naming the parameter."""
    filters = Filters(
        status=lists.one_of(arguments, "status", get_args(models.Status)),
        active=native.switch(arguments, "active"),
        search=_search(arguments),
    )
    search = ("channel_templates", room.account_id.hex, room.channel.value, *(arguments.get(name) for name in _FILTERS))
    return Query(filters=filters, limit=lists.limit(arguments), before_id=lists.last_id(arguments, search), search=search)


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
