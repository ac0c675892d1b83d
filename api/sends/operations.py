"""What the room of sends serves."""

from typing import Annotated, Final

from pydantic import Field

from api.openapi.operation import Answer, Body, Operation, Parameter, Tag
from api.openapi.parameters import CURSOR, LIMIT
from api.openapi.refusals import conflict, refusals
from api.sends import changes, models
from shared.domain.channels import Channel
from shared.domain.states import SendState

_TAG: Final = Tag(name="Sends", description="Sends as they stand, whatever dialect they were made in: looked up, cancelled, moved.")

_ID: Final = Parameter(
    name="identifier",
    where="path",
    description="The send's id.",
    type=models.SendId,
    example="snd_01M7XC8EPCEHFVZ3Z7T6A5DQ50",
)


def _moment(name: str, description: str) -> Parameter:
    return Parameter(
        name=name, where="query", description=f"{description}: ISO 8601, in UTC unless it says otherwise, or unix seconds."
    )


_SEARCH: Final = (
    Parameter(name="state", where="query", description="Only those in this state.", type=SendState),
    Parameter(name="channel", where="query", description="Only those that have a delivery on this channel.", type=Channel),
    Parameter(
        name="recipient",
        where="query",
        description="Only those to this address, as it was given or as it is called.",
        type=Annotated[str, Field(min_length=1)],
    ),
    _moment("created_after", "Only those made at this time or later"),
    _moment("created_before", "Only those made before this time"),
    LIMIT,
    CURSOR,
)

_TOO_LATE_TO_CANCEL: Final = conflict(
    "send_not_cancellable", "the send is running and can no longer be changed", "It runs, or has ended."
)
_TOO_LATE_TO_MOVE: Final = conflict(
    "send_not_changeable", "the send is running and can no longer be changed", "It runs, or has ended."
)

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/sends/<identifier>",
        name="look_up_send",
        summary="Look up a send",
        description="Gives a send with its tiers, its deliveries, every call to a provider and a timeline.",
        tag=_TAG,
        parameters=(_ID,),
        answers={200: Answer(description="The send.", type=models.Told), **refusals(404)},
    ),
    Operation(
        method="DELETE",
        path="/v1/sends/<identifier>",
        name="cancel_send",
        summary="Cancel a send",
        description="Cancels a send that waits for its time, or for nothing but a receipt. "
        "Once this is answered with 200, nothing of it is sent any more.",
        tag=_TAG,
        parameters=(_ID,),
        answers={200: Answer(description="The send, cancelled.", type=models.Told), **refusals(404), **_TOO_LATE_TO_CANCEL},
    ),
    Operation(
        method="PATCH",
        path="/v1/sends/<identifier>",
        name="move_send",
        summary="Move a send",
        description="Gives a send that waits for its time another one, another expiry, or other variables. What is left out stays.",
        tag=_TAG,
        parameters=(_ID,),
        body=Body(type=changes.Move, example={"schedule": 1795300000, "variables": {"name": "Alex"}}),
        answers={
            200: Answer(description="The send as it then stands.", type=models.Told),
            **refusals(400, 404, 413),
            **_TOO_LATE_TO_MOVE,
        },
    ),
    Operation(
        method="GET",
        path="/v1/sends",
        name="list_sends",
        summary="Search sends",
        description="Gives a page of the account's sends, the newest first. Parameters that are not known are ignored.",
        tag=_TAG,
        parameters=_SEARCH,
        answers={200: Answer(description="A page of sends.", type=models.Sends), **refusals(400)},
    ),
)
