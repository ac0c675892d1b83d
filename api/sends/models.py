"""A send as it is answered, described: :mod:`api.sends.render` writes it."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from api.models import Answered, Moment, Page, RequestId
from shared.domain.channels import Channel
from shared.domain.confirmation import Level
from shared.domain.outcome import Code
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState, SendState
from shared.domain.tiers import TierState

SEND_ID: Final = "^snd_[0-9A-HJKMNP-TV-Z]{26}$"
DELIVERY_ID: Final = "^dlv_[0-9A-HJKMNP-TV-Z]{26}$"

SendId = Annotated[str, Field(pattern=SEND_ID)]
DeliveryId = Annotated[str, Field(pattern=DELIVERY_ID)]


class Delivery(Answered):
    """One channel of a send as it stands."""

    id: DeliveryId
    channel: Channel
    fallback: Annotated[bool, Field(description="Whether it stands in a later tier than the first.")]
    state: Annotated[DeliveryState, Field(description="`waiting` for its tier; `queued`, `claimed`; or how it ended.")]
    held: Annotated[bool, Field(description="Whether it may have been sent, and a person is to decide what follows.")]
    target: Annotated[str | None, Field(description="The recipient's address, as it was given.")]
    template: Annotated[int | None, Field(description="The id of its template; null with an inline message.")]
    code: Annotated[Code | None, Field(description="Why it was not sent, or is unknown: one of the reason codes.")]
    reason: Annotated[str | None, Field(description="The same for people.")]
    detail: Annotated[dict[str, Any] | None, Field(description="The provider's own words.")]
    provider_message_id: Annotated[str | None, Field(description="The message's id at the provider.")]
    processing_ms: Annotated[int | None, Field(description="Milliseconds from the start of its last try to its outcome.")]
    queued_at: Annotated[Moment | None, Field(description="When it was put into the queue.")]
    not_before: Annotated[Moment | None, Field(description="Until when its next try waits.")]
    ended_at: Annotated[Moment | None, Field(description="When it ended.")]
    receipt: Annotated[Receipt | None, Field(description="How far the message got, as its provider reports.")]
    receipt_at: Annotated[Moment | None, Field(description="When that was.")]
    confirm_by: Annotated[Moment | None, Field(description="Until when the receipt may come that its send still waits for.")]


class Attempt(Answered):
    """One call to a provider."""

    number: Annotated[int, Field(ge=1, description="Counted from 1 for each delivery.")]
    started_at: Moment
    ended_at: Moment
    outcome: Literal["sent", "not_sent", "unknown"]
    code: Annotated[Code | None, Field(description="One of the reason codes; null when it was sent.")]
    provider_status: Annotated[int | None, Field(description="The HTTP status or SMTP reply code.")]
    provider_code: Annotated[str | None, Field(description="The provider's own code.")]
    request: Annotated[str | None, Field(description="The request without addresses, as `POST /v23.0/*/messages`.")]


class ToldDelivery(Delivery):
    """One channel of a send with every call that was made for it."""

    attempts: list[Attempt]


class Tier(Answered):
    """Channels that are tried side by side."""

    tier: Annotated[int, Field(ge=0, description="Counted from 0.")]
    state: TierState
    deliveries: list[Delivery]


class ToldTier(Answered):
    """Channels that are tried side by side, with every call that was made."""

    tier: Annotated[int, Field(ge=0, description="Counted from 0.")]
    state: TierState
    deliveries: list[ToldDelivery]


class Entry(Answered):
    """One line of what happened."""

    at: Moment
    kind: Annotated[str, Field(description="What happened, for programs, as `accepted` or `retry_planned`.")]
    text: Annotated[str, Field(description="The same for people.")]
    delivery: Annotated[DeliveryId | SkipJsonSchema[None], Field(description="Of which delivery, where it is of one.")] = None


class Until(Answered):
    """How far a message must get before its tier has succeeded."""

    level: Annotated[Level, Field(description="The receipt that is wanted.")]
    within: Annotated[int, Field(ge=1, description="Seconds from the moment its provider took the message.")]


class _Head(Answered):
    id: SendId
    object: Literal["send"]
    state: Annotated[SendState, Field(description="`scheduled` or `running`; or how it ended.")]
    dialect: Annotated[str, Field(description="In which dialect it was made.")]
    tier: Annotated[int, Field(ge=0, description="The tier that is open, or was last.")]
    created_at: Moment
    schedule_at: Annotated[Moment | None, Field(description="When it is due; null when it was due at once.")]
    expires_at: Annotated[Moment | None, Field(description="From when on nothing of it is sent any more.")]
    ended_at: Moment | None
    until: Annotated[Until | None, Field(description="What is success; null when it is that a provider took the message.")]


class Send(_Head):
    """A send as it stands."""

    tiers: list[Tier]


class ToldSend(_Head):
    """A send with everything that happened to it."""

    tiers: list[ToldTier]
    timeline: Annotated[list[Entry], Field(description="In the order of time.")]


class Told(Answered):
    """One send."""

    data: ToldSend
    request_id: RequestId


class Sends(Page):
    """A page of sends, the newest first."""

    data: list[Send]
