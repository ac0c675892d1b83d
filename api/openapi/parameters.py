"""The parameters that many operations have."""

from typing import Annotated, Any, Final

from pydantic import Field

from api import idempotency
from api.openapi.operation import Parameter


def query(name: str, description: str, kind: Any = str) -> Parameter:
    """Make a parameter of the query."""
    return Parameter(name=name, where="query", description=description, type=kind)


def identifier(description: str, kind: Any, example: str) -> Parameter:
    """Make the id that a path holds."""
    return Parameter(name="identifier", where="path", description=description, type=kind, example=example)


def idempotency_key(description: str, example: str | None = None) -> Parameter:
    """Make the header by which repeats are told, as its dialect takes it."""
    kind = Annotated[str, Field(min_length=1, max_length=idempotency.LONGEST)]
    return Parameter(name=idempotency.HEADER, where="header", description=description, type=kind, example=example)


PREFER: Final = Parameter(
    name="Prefer",
    where="header",
    description="`wait=N` waits for the outcome at most N seconds, up to 60; `respond-async` does not wait (RFC 7240).",
    example="wait=30",
)
LATER: Final = {"Location": "Where the send is looked up.", "Preference-Applied": "What of `Prefer` was honoured."}
"""The headers of an answer without the outcome."""

CREATED: Final = (
    query("created_after", "Only those made at this time or later: ISO 8601, in UTC unless it says otherwise, or unix seconds."),
    query("created_before", "Only those made before this time: ISO 8601, in UTC unless it says otherwise, or unix seconds."),
)
"""The times between which the items of a list were made."""


LIMIT: Final = Parameter(
    name="limit",
    where="query",
    description="Items of a page at the most; 25 when it is not said.",
    type=Annotated[int, Field(ge=1, le=100)],
)
CURSOR: Final = Parameter(
    name="cursor",
    where="query",
    description="The `next_cursor` of the page before, of a search with the same filters.",
)
