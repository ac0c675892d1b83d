"""What the query of a search may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from api import lists
from api.errors import invalid_value
from shared.domain.channels import Channel
from shared.domain.states import SendState
from shared.management.search import Filters

_FILTERS: Final = ("state", "channel", "created_after", "created_before", "recipient")


@dataclass(frozen=True, kw_only=True, slots=True)
class Query(lists.Page):
    """A page of a search."""

    filters: Filters


def parse(arguments: Mapping[str, str], account_id: UUID) -> Query:
    """Read a query; parameters that are not known are ignored. Raises :class:`api.errors.InvalidRequest` naming the parameter."""
    filters = Filters(
        state=lists.member(arguments, "state", SendState),
        channel=lists.member(arguments, "channel", Channel),
        created_after=lists.moment(arguments, "created_after"),
        created_before=lists.moment(arguments, "created_before"),
        recipient=_recipient(arguments),
    )
    search = (account_id.hex, *(arguments.get(name) for name in _FILTERS))
    return Query(filters=filters, limit=lists.limit(arguments), before_id=lists.last_id(arguments, search), search=search)


def _recipient(arguments: Mapping[str, str]) -> str | None:
    text = arguments.get("recipient")
    if text is not None and (not text.strip() or "\0" in text):
        raise invalid_value("recipient", "must be a recipient's address")
    return text
