"""What the room of sends serves."""

from typing import Annotated, Final

from pydantic import Field

from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import CREATED, CURSOR, LIMIT, identifier, query
from api.openapi.refusals import conflict, refusals
from api.sends import changes, models
from shared.domain.channels import Channel
from shared.domain.states import SendState

_TAG: Final = Tag(name="Sends", description="Sends as they stand, whatever dialect they were made in: looked up, cancelled, moved.")

_ID: Final = identifier("The send's id.", models.SendId, "snd_01M7XC8EPCEHFVZ3Z7T6A5DQ50")

_SEARCH: Final = (
    query("state", "Only those in this state.", SendState),
    query("channel", "Only those that have a delivery on this channel.", Channel),
    query("recipient", "Only those to this address, as it was given or as it is called.", Annotated[str, Field(min_length=1)]),
    *CREATED,
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
