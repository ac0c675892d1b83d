"""Suppressions, as they are asked for and answered: :mod:`api.suppressions.render` writes the latter."""

from typing import Annotated, Literal

from pydantic import Field

from api.models import Answered, Moment, Page, RequestId
from api.native import Asked
from shared.domain.channels import Channel
from shared.domain.content import Text
from shared.management.suppressions import MOST

Reason = Literal["hard_bounce", "soft_bounce", "complaint", "unsubscribe", "manual"]
SuppressionId = Annotated[str, Field(pattern="^sup_[0-9A-HJKMNP-TV-Z]{26}$")]


class NewSuppressions(Asked):
    """Addresses not to be written to."""

    channel: Channel
    addresses: Annotated[
        list[Annotated[Text, Field(min_length=1, max_length=320)]],
        Field(min_length=1, max_length=MOST, description="In any form that the channel takes."),
    ]
    reason: Annotated[Reason, Field(description="Why, as for a list that comes from another system.")] = "manual"
    expires_at: (
        Annotated[
            str | int,
            Field(
                description="Until when: ISO 8601, in UTC unless it says otherwise, or unix seconds. For good unless it is said."
            ),
        ]
        | None
    ) = None


class Suppression(Answered):
    """An address that is stopped before each send."""

    id: SuppressionId
    object: Literal["suppression"]
    channel: Channel
    address: Annotated[str, Field(description="In the channel's canonical form.")]
    reason: Reason
    created_at: Moment
    expires_at: Annotated[Moment | None, Field(description="From when on it is written to again; null for never.")]


class RemovedSuppression(Answered):
    """What was removed."""

    id: SuppressionId
    object: Literal["suppression"]
    deleted: Literal[True]


class AddedSuppressions(Answered):
    """What now stands for the addresses that were given, each once, in their order."""

    data: list[Suppression]
    request_id: RequestId


class OneRemovedSuppression(Answered):
    """An address that is written to again."""

    data: RemovedSuppression
    request_id: RequestId


class Suppressions(Page):
    """A page of suppressions, the newest first."""

    data: list[Suppression]
