"""Account tokens, as they are asked for and answered: :mod:`api.tokens.render` writes the latter."""

from typing import Annotated, Final, Literal

from pydantic import Field

from api.models import Answered, Moment, Page, RequestId
from api.native import Asked
from shared.domain.content import Text

_LONGEST: Final = 10 * 366 * 86_400
"""Ten years, in seconds."""

TokenId = Annotated[str, Field(pattern="^tok_[0-9A-HJKMNP-TV-Z]{26}$")]


class NewToken(Asked):
    """A token to be made."""

    label: Annotated[Text, Field(min_length=1, max_length=200, description="What people call it.")] | None = None
    bound_key: Annotated[Text, Field(description="The channel key that it sends with; such a token manages nothing.")] | None = None
    expires_in: Annotated[int, Field(ge=1, le=_LONGEST, description="Seconds from now, instead of `expires_at`.")] | None = None
    expires_at: (
        Annotated[
            str | int,
            Field(description="From when on it is not valid: ISO 8601, in UTC unless it says otherwise, or unix seconds."),
        ]
        | None
    ) = None


class Token(Answered):
    """What is shown of a token."""

    id: TokenId
    object: Literal["token"]
    prefix: Annotated[str, Field(description="Its first characters.")]
    last4: str | None
    label: str | None
    bound_key: Annotated[str | None, Field(description="The channel key that it sends with.")]
    current: Annotated[bool, Field(description="Whether it is the one that this request was made with.")]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None


class CreatedToken(Token):
    """A token with itself, which is shown this once."""

    token: str


class OneToken(Answered):
    """A token."""

    data: Token
    request_id: RequestId


class OneCreatedToken(Answered):
    """A new token."""

    data: CreatedToken
    request_id: RequestId


class Tokens(Page):
    """A page of tokens, the newest first."""

    data: list[Token]
