"""What the queries of lists may say. Parameters that are not known are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from api import lists
from api.dialects.kirim import errors
from api.errors import invalid_value
from shared.domain import targets
from shared.domain.messages import Status
from shared.management.messages import Filters

Direction = Literal["inbound", "outbound"]
TemplateStatus = Literal["approved", "pending", "rejected", "all"]

_DIRECTIONS: Final = ("inbound", "outbound")
_TEMPLATE_STATUSES: Final = ("approved", "pending", "rejected", "all")
_LAST_TEMPLATE: Final = (1 << 63) - 1
"""The highest id there can be; only a cursor that somebody made up has a higher one."""
_FILTERS: Final = ("status", "direction", "created_after", "created_before", "to")


@dataclass(frozen=True, kw_only=True, slots=True)
class Messages(lists.Page):
    """A page of messages."""

    filters: Filters
    inbound: bool
    """Whether only messages that came in are asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Templates:
    """A page of templates, whose ids are numbers."""

    status: str | None
    limit: int
    before_id: int | None
    search: lists.Search


def messages(arguments: Mapping[str, str], account_id: UUID) -> Messages:
    """Read the query of a list of messages. Raises :class:`api.errors.InvalidRequest` naming the parameter."""
    if "conversation_id" in arguments:
        raise invalid_value("conversation_id", "is no filter here: conversations are not kept")
    filters = Filters(
        status=lists.member(arguments, "status", Status),
        to=_recipient(arguments.get("to")),
        created_after=lists.moment(arguments, "created_after"),
        created_before=lists.moment(arguments, "created_before"),
    )
    search = ("messages", account_id.hex, *(arguments.get(name) for name in _FILTERS))
    return Messages(
        filters=filters,
        inbound=lists.one_of(arguments, "direction", _DIRECTIONS) == "inbound",
        limit=lists.limit(arguments),
        before_id=lists.last_id(arguments, search),
        search=search,
    )


def templates(arguments: Mapping[str, str], account_id: UUID) -> Templates:
    """Read the query of a list of templates. Raises as :func:`messages`."""
    status = lists.one_of(arguments, "status", _TEMPLATE_STATUSES)
    search = ("templates", account_id.hex, status)
    last = lists.last_id(arguments, search)
    return Templates(
        status=None if status == "all" else status,
        limit=lists.limit(arguments),
        before_id=None if last is None else min(last.int, _LAST_TEMPLATE),
        search=search,
    )


def _recipient(text: str | None) -> str | None:
    """Take a number; a query's unescaped ``+`` is a space by the time it is read here."""
    if text is not None and targets.phone(text) is None:
        raise errors.invalid_phone_number("to")
    return text
