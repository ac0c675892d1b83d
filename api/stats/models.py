"""Counts as they are answered, described: :mod:`api.stats.render` writes them."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from api import lists
from api.models import Answered, Moment, RequestId
from shared.domain.channels import Channel
from shared.domain.outcome import Code

State = Literal["sent", "failed", "unknown", "cancelled"]
KeyId = Annotated[str, Field(pattern="^key_[0-9A-HJKMNP-TV-Z]{26}$")]
CampaignId = Annotated[str, Field(pattern="^cmp_[0-9A-HJKMNP-TV-Z]{26}$")]
TemplateId = Annotated[int, Field(ge=1, le=lists.LAST_NUMBER)]


class Row(Answered):
    """So many deliveries that are alike. Only what is grouped by is said of them."""

    hour: Annotated[Moment | SkipJsonSchema[None], Field(description="The hour in which they ended.")] = None
    day: Annotated[Moment | SkipJsonSchema[None], Field(description="The day in which they ended, in UTC.")] = None
    channel: Channel | SkipJsonSchema[None] = None
    key: Annotated[KeyId | SkipJsonSchema[None], Field(description="The channel key they were sent with.")] = None
    template: Annotated[TemplateId | None, Field(description="Their template; null for messages without one.")] = None
    campaign: Annotated[CampaignId | None, Field(description="Their campaign; null for those of none.")] = None
    state: State | SkipJsonSchema[None] = None
    code: Annotated[Code | None, Field(description="Why they ended so: one of the reason codes; null for none.")] = None
    count: Annotated[int, Field(description="How many they are.")]


class Totals(Answered):
    """How many ended in which way, of all that was asked for."""

    sent: int
    failed: int
    unknown: int
    cancelled: int


class Stats(Answered):
    """Counts of deliveries that ended within a time."""

    object: Literal["stats"]
    from_: Annotated[Moment, Field(alias="from", description="The hour with which it begins.")]
    until: Annotated[Moment, Field(description="The hour before which it ends.")]
    rows: list[Row]
    totals: Totals


class ToldStats(Answered):
    """Counts, told."""

    data: Stats
    request_id: RequestId
