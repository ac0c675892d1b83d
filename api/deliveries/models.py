"""A held delivery as it is answered, described: :mod:`api.deliveries.render` writes it."""

from typing import Annotated, Literal

from pydantic import Field

from api.models import Page
from api.sends.models import Delivery, SendId


class HeldDelivery(Delivery):
    """A delivery that may have been sent, and waits for a person."""

    object: Literal["delivery"]
    send: Annotated[SendId, Field(description="The send it belongs to.")]


class HeldDeliveries(Page):
    """A page of held deliveries, those of the oldest sends first."""

    data: list[HeldDelivery]
