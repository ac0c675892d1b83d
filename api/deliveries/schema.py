"""What the query of a list may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from api import lists
from api.errors import InvalidRequest, invalid_value


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A page of held deliveries."""

    limit: int
    after_id: UUID | None
    """The last item of the page before."""
    search: lists.Search


def parse(arguments: Mapping[str, str], account_id: UUID) -> Query:
    """Read a query; parameters that are not known are ignored. Raises :class:`InvalidRequest` naming the parameter."""
    if "held" not in arguments:
        raise InvalidRequest("missing_required_field", "held is required", param="held")
    if arguments["held"] != "true":
        raise invalid_value("held", "must be true")
    search = (account_id.hex, "held")
    return Query(limit=lists.limit(arguments), after_id=lists.last_id(arguments, search), search=search)
