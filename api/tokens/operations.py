"""What the room of tokens serves."""

from typing import Final

from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import CURSOR, LIMIT, identifier
from api.tokens import models

_TAG: Final = Tag(
    name="Tokens",
    description="What a backend authenticates with. One that is bound to a channel key sends, and is answered with 403 wherever "
    "an account is managed; any other may do all that the account may.",
)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/tokens",
        name="create_token",
        summary="Make a token",
        description="Makes a token, which is shown this once.",
        tag=_TAG,
        body=Body(type=models.NewToken, example={"label": "shop", "expires_in": 7_776_000}, required=False),
        answers=counted.managed(201, Answer(description="The token.", type=models.OneCreatedToken), 400, 413),
    ),
    Operation(
        method="GET",
        path="/v1/tokens",
        name="list_tokens",
        summary="List tokens",
        description="Gives a page of tokens, the newest first, also those that were revoked or have expired.",
        tag=_TAG,
        parameters=(LIMIT, CURSOR),
        answers=counted.managed(200, Answer(description="A page of tokens.", type=models.Tokens), 400),
    ),
    Operation(
        method="DELETE",
        path="/v1/tokens/<identifier>",
        name="revoke_token",
        summary="Revoke a token",
        description="Revokes a token, for good: it may be the one that asks, and the last one, after which only an operator makes"
        " another. Every process hears of it at once; should Redis be away, within `ANTAR_TOKEN_CACHE_SECONDS`.",
        tag=_TAG,
        parameters=(identifier("The token's id.", models.TokenId, "tok_01M7XC8EPCEHFVZ3Z7T6A5DQ50"),),
        answers=counted.managed(200, Answer(description="The token, revoked.", type=models.OneToken), 404),
    ),
)
