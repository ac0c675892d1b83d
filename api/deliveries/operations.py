"""What the room of deliveries serves."""

from typing import Final, Literal

from api.deliveries import models
from api.openapi.operation import Answer, Operation, Parameter, Tag
from api.openapi.parameters import CURSOR, LIMIT, identifier
from api.openapi.refusals import conflict, refusals
from api.sends.models import DeliveryId, Told

_TAG: Final = Tag(
    name="Held deliveries",
    description="What may have been sent and waits for a person's decision. What follows from one comes a moment after its answer.",
)
_ID: Final = identifier("The delivery's id.", DeliveryId, "dlv_01M7XC8EPCEHFVZ3Z7T6A5DQ51")
_HELD: Final = Parameter(
    name="held",
    where="query",
    description="Always `true`: those that are held are the ones that can be listed.",
    type=Literal["true"],
    required=True,
    example="true",
)

_TOO_LATE: Final = conflict("decision_too_late", "the delivery is sent and not held", "It is not held, or not any more.")


def _decision(verb: str, name: str, summary: str, description: str) -> Operation:
    return Operation(
        method="POST",
        path=f"/v1/deliveries/<identifier>/{verb}",
        name=name,
        summary=summary,
        description=f"{description} Of two decisions at once, one is taken, and the other answered with 409.",
        tag=_TAG,
        parameters=(_ID,),
        answers={200: Answer(description="The send it belongs to.", type=Told), **refusals(404), **_TOO_LATE},
    )


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/deliveries",
        name="list_held_deliveries",
        summary="List held deliveries",
        description="Gives a page of the account's held deliveries, those of the oldest sends first.",
        tag=_TAG,
        parameters=(_HELD, LIMIT, CURSOR),
        answers={200: Answer(description="A page of deliveries.", type=models.HeldDeliveries), **refusals(400)},
    ),
    _decision(
        "release",
        "release_delivery",
        "Try a held delivery again",
        "Queues the delivery again with all its patience: it may reach its recipient twice. Not after the send has expired.",
    ),
    _decision(
        "fail",
        "fail_delivery",
        "Count a held delivery as not sent",
        "The delivery ends as `failed`, with the code it has, and the next tier opens.",
    ),
    _decision(
        "confirm",
        "confirm_delivery",
        "Count a held delivery as sent",
        "Somebody knows that it arrived: the delivery ends as `sent`, and so does its send.",
    ),
)
