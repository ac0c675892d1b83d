"""What every room's answers have in common, described for ``/openapi.json``."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

REQUEST_ID: Final = "^req_[0-9A-HJKMNP-TV-Z]{26}$"


class Answered(BaseModel):
    """The base of what is answered: fields that are not described do not occur."""

    model_config = ConfigDict(extra="forbid", frozen=True)


RequestId = Annotated[str, Field(pattern=REQUEST_ID, description="The id of the request, as in the header `X-Request-Id`.")]

Moment = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", json_schema_extra={"format": "date-time"}),
]
"""A time as it is answered: RFC 3339 in UTC, to the millisecond."""


class RefusalReason(Answered):
    """Why a request was refused."""

    type: Annotated[
        Literal[
            "invalid_request_error",
            "authentication_error",
            "permission_error",
            "not_found",
            "conflict",
            "rate_limit_error",
            "api_error",
        ],
        Field(description="The kind of refusal."),
    ]
    code: Annotated[str, Field(description="What programs decide by; it does not change.")]
    message: Annotated[str, Field(description="What is wrong, for people; it may change.")]
    param: Annotated[str | SkipJsonSchema[None], Field(description="The field or parameter that is wrong.")] = None
    request_id: RequestId


class Refusal(Answered):
    """A request was refused, and nothing was done."""

    error: RefusalReason


class Page(Answered):
    """What every page of a list says beside its items."""

    has_more: Annotated[bool, Field(description="Whether another page follows.")]
    next_cursor: Annotated[str | None, Field(description="The `cursor` of the next page; null on the last one.")]
    request_id: RequestId
