"""What the room of suppressions serves."""

from typing import Annotated, Final

from pydantic import Field

from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import CURSOR, LIMIT, identifier, query
from api.suppressions import models
from shared.domain.channels import Channel

_TAG: Final = Tag(
    name="Suppressions",
    description="Addresses that are stopped before each send, with `recipient_suppressed`: those that bounced hard, those of "
    "people who followed an unsubscribe link or complained, and those the account adds.",
)
_FILTERS: Final = (
    query("channel", "Only those of this channel.", Channel),
    query("reason", "Only those of this reason.", models.Reason),
    query("search", "Only those whose address holds this.", Annotated[str, Field(min_length=3, max_length=320)]),
    LIMIT,
    CURSOR,
)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/suppressions",
        name="add_suppressions",
        summary="Suppress addresses",
        description="Suppresses all of the addresses, or none when one of them is wrong. What is suppressed for longer already "
        "stays as it is; with a later end, the new reason and end take its place.",
        tag=_TAG,
        body=Body(type=models.NewSuppressions, example={"channel": "email", "addresses": ["alex@customer.example"]}),
        answers=counted.managed(
            201, Answer(description="What now stands for each address.", type=models.AddedSuppressions), 400, 413
        ),
    ),
    Operation(
        method="GET",
        path="/v1/suppressions",
        name="list_suppressions",
        summary="List suppressions",
        description="Gives a page of suppressions that are in effect, the newest first.",
        tag=_TAG,
        parameters=_FILTERS,
        answers=counted.managed(200, Answer(description="A page of suppressions.", type=models.Suppressions), 400),
    ),
    Operation(
        method="DELETE",
        path="/v1/suppressions/<identifier>",
        name="remove_suppression",
        summary="Remove a suppression",
        description="Writes to an address again, whatever the reason was. The token that asked, and the reason, stand in the log.",
        tag=_TAG,
        parameters=(identifier("The suppression's id.", models.SuppressionId, "sup_01M7XC8EPCEHFVZ3Z7T6A5DQ50"),),
        answers=counted.managed(200, Answer(description="It is removed.", type=models.OneRemovedSuppression), 404),
    ),
)
