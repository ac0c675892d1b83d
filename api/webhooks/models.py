"""Subscriptions and webhooks, as they are asked for and answered: :mod:`api.webhooks.render` writes the latter."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.models import Answered, Moment, Page, RequestId
from shared import settings
from shared.domain import webhook_urls
from shared.domain.content import Text
from shared.domain.customer_events import EventType
from shared.domain.webhooks import State, Trouble

MOST_HOURS: Final = 720
DEFAULT_HOURS: Final = 24

INVALID_URL: Final = "invalid_webhook_url"
"""The kind of error that a URL is refused with; it has a code of its own."""

SubscriptionId = Annotated[str, Field(pattern="^wbs_[0-9A-HJKMNP-TV-Z]{26}$")]
WebhookId = Annotated[str, Field(pattern="^wbd_[0-9A-HJKMNP-TV-Z]{26}$")]
SecretId = Annotated[str, Field(pattern="^sec_[0-9A-HJKMNP-TV-Z]{26}$")]


def _webhook_url(url: str) -> str:
    problem = webhook_urls.problem(url, settings.get().egress_allow)
    if problem is not None:
        raise PydanticCustomError(INVALID_URL, "{problem}", {"problem": problem})
    return url


def _known_events(value: object) -> object:
    """Say once of the whole list what each of its items must be."""
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each in set(EventType) for each in value):
        raise PydanticCustomError("events", "must be a list of at least one of {known}", {"known": ", ".join(EventType)})
    return list(dict.fromkeys(value))


Url = Annotated[
    Text,
    Field(
        max_length=webhook_urls.LONGEST,
        description="Where webhooks are posted: https, and on the public internet; otherwise `code` is `invalid_webhook_url`.",
    ),
    AfterValidator(_webhook_url),
    Field(json_schema_extra={"format": "uri"}),
]
Events = Annotated[list[EventType], Field(min_length=1, description="What is to be told."), BeforeValidator(_known_events)]
Description = Annotated[Text, Field(max_length=500)]
Status = Literal["active", "disabled"]
Moments = Annotated[str | int, Field(description="ISO 8601, in UTC unless it says otherwise, or unix seconds.")]


class _Asked(BaseModel):
    """The base of what is asked: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class NewSubscription(_Asked):
    """A subscription to be made."""

    url: Url
    events: Events
    description: Description | None = None


class Changes(_Asked):
    """What is to change of a subscription; what is left out, or null, stays."""

    url: Url | None = None
    events: Events | None = None
    description: Annotated[Description | None, Field(description="Here `null` takes it away.")] = None
    status: Annotated[Status | None, Field(description="`active` forgets what it has failed to hear.")] = None


class NewSecret(_Asked):
    """How long the secrets there are go on signing beside the new one."""

    expires_in_hours: Annotated[int, Field(ge=0, le=MOST_HOURS)] = DEFAULT_HOURS


class BulkReplay(_Asked):
    """Which webhooks are to be posted again."""

    subscription_id: Text
    status: Literal["failed", "dead"] = "dead"
    event_type: Annotated[Text, Field(min_length=1, max_length=64)] | None = None
    created_after: Moments | None = None
    created_before: Moments | None = None


class Deleted(Answered):
    """What was deleted."""

    id: SubscriptionId
    object: Literal["webhook_subscription"]
    deleted: Literal[True]


class Secret(Answered):
    """A secret that signs."""

    id: SecretId
    created_at: Moment
    expires_at: Annotated[Moment | None, Field(description="From when on it signs nothing; null for the newest.")]


class Subscription(Answered):
    """Where webhooks are posted."""

    id: SubscriptionId
    object: Literal["webhook_subscription"]
    url: str
    description: str | None
    status: Annotated[Status, Field(description="`disabled` hears nothing.")]
    status_reason: Annotated[
        str | None,
        Field(description="Why it is disabled, where nobody asked for it, or hears of nothing new although it is active."),
    ]
    events: list[EventType]
    secrets: Annotated[list[Secret], Field(description="Those that sign now, the oldest first.")]
    created_at: Moment
    updated_at: Moment


class CreatedSubscription(Subscription):
    """A new one, with its secret, which is shown this once."""

    initial_secret: Annotated[str, Field(pattern="^whsec_")]


class ShownSecret(Secret):
    """A new secret, which is shown this once."""

    object: Literal["webhook_secret"]
    secret: Annotated[str, Field(pattern="^whsec_")]


class Webhook(Answered):
    """One event for one subscription."""

    id: WebhookId
    object: Literal["webhook_delivery"]
    subscription_id: SubscriptionId
    event_id: Annotated[str, Field(description="Meta's message id, or `evt_...`: what repeats are told by.")]
    event_type: EventType
    source: Literal["meta", "kirim"]
    status: Annotated[
        State, Field(description="`pending` was not tried yet; `failed` is tried again; `dead` is not, until it is replayed.")
    ]
    attempts: Annotated[int, Field(ge=0, le=8, description="Since it was made, or replayed.")]
    next_attempt_at: Moment | None
    response_status: Annotated[int | None, Field(description="The HTTP status of the last attempt.")]
    error: Annotated[Trouble | None, Field(description="Why the last attempt failed.")]
    created_at: Moment
    ended_at: Moment | None


class Replayed(Answered):
    """How many webhooks are posted again."""

    enqueued: Annotated[int, Field(ge=0, le=1000)]
    capped: Annotated[bool, Field(description="Whether more of them match: ask again.")]


class OneSubscription(Answered):
    """A subscription."""

    data: Subscription
    request_id: RequestId


class OneCreated(Answered):
    """A new subscription."""

    data: CreatedSubscription
    request_id: RequestId


class OneDeleted(Answered):
    """A subscription that is there no more."""

    data: Deleted
    request_id: RequestId


class OneSecret(Answered):
    """A new secret."""

    data: ShownSecret
    request_id: RequestId


class OneWebhook(Answered):
    """A webhook."""

    data: Webhook
    request_id: RequestId


class ReplayedMany(Answered):
    """What a bulk replay has done."""

    data: Replayed
    request_id: RequestId


class Subscriptions(Page):
    """A page of subscriptions, the newest first."""

    data: list[Subscription]


class Webhooks(Page):
    """A page of webhooks, the newest first."""

    data: list[Webhook]
