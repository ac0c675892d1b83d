"""The parameters that lists share."""

from typing import Annotated, Final

from pydantic import Field

from api.openapi.operation import Parameter

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
