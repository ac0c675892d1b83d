"""Campaigns as they are answered: :mod:`api.campaigns.render` writes them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.models import Answered, Moment, Page, RequestId
from api.sends.models import Until
from shared.domain.campaigns import CampaignState, RecipientState
from shared.domain.channels import Channel
from shared.management.campaigns.readers import Format

CampaignId = Annotated[str, Field(pattern="^cmp_[0-9A-HJKMNP-TV-Z]{26}$")]
Count = Annotated[int, Field(ge=0)]


class PlannedChannel(Answered):
    """A channel of every recipient's send."""

    channel: Channel
    key: Annotated[str, Field(pattern="^key_[0-9A-HJKMNP-TV-Z]{26}$")]
    tier: Annotated[int, Field(ge=0, description="From 0: a tier is tried when all before it have failed.")]
    fallback: bool
    template: Annotated[int | None, Field(description="The id of a template; otherwise there is a message.")]
    message: Annotated[dict[str, Any] | None, Field(description="An inline message.")]


class ShownColumns(Answered):
    """Which column of the file means what."""

    targets: dict[Channel, str]
    variables: dict[str, str]
    time_zone: str | None


class ShownQuietHours(Answered):
    """When a recipient is left alone, by the recipient's own clock."""

    begin: Annotated[str, Field(alias="from", pattern=r"^\d\d:\d\d$")]
    until: Annotated[str, Field(pattern=r"^\d\d:\d\d$")]


class RecipientsFile(Answered):
    """The file that the recipients are from."""

    name: str
    format: Format


class Progress(Answered):
    """What has become of the recipients, at one moment: from `pending` but `deferred` on, counts add up to `recipients`."""

    recipients: Annotated[Count, Field(description="Rows that are neither refused nor duplicates.")]
    pending: Annotated[Count, Field(description="Those that are no sends yet.")]
    deferred: Annotated[Count, Field(description="Of the pending ones those that wait for the end of quiet hours.")]
    in_flight: Annotated[Count, Field(description="Sends that have not ended.")]
    sent: Count
    failed: Count
    unknown: Count
    cancelled: Count
    expired: Count
    by_code: Annotated[
        dict[str, Count],
        Field(description="Deliveries that ended without success, by their codes: of a recipient there may be several."),
    ]
    per_second: Annotated[
        float | None, Field(description="Recipients a second, on average over the time in which it ran, without its pauses.")
    ]
    seconds_left: Annotated[
        float | None,
        Field(description="Until the rest is through at this rate; null when it does not run or quiet hours hold some."),
    ]


class Campaign(Answered):
    """A campaign."""

    id: CampaignId
    object: Literal["campaign"]
    name: str
    state: CampaignState
    state_reason: Annotated[str | None, Field(description="Why it has failed.")]
    channels: list[PlannedChannel]
    variables: dict[str, str]
    until: Until | None
    expires_in: int | None
    columns: ShownColumns
    schedule_at: Annotated[Moment | None, Field(description="When it starts, or recurs next.")]
    recurrence: str | None
    upcoming: Annotated[list[Moment], Field(description="The next times at which it recurs, five at the most.")]
    time_zone: str
    quiet_hours: ShownQuietHours | None
    rate_per_second: float | None
    parent: Annotated[
        CampaignId | None, Field(description="The campaign that it is an occurrence of, or whose failures it sends again.")
    ]
    occurs_at: Annotated[Moment | None, Field(description="The time of its parent's that it stands for.")]
    file: Annotated[RecipientsFile | None, Field(description="Null before there was one.")]
    rows: Annotated[Count, Field(description="Rows of the file.")]
    refused: Annotated[Count, Field(description="Rows that are wrong; the recipients say how.")]
    duplicates: Annotated[Count, Field(description="Rows whose addresses an earlier row has.")]
    created_at: Moment
    updated_at: Moment
    started_at: Moment | None
    paused_at: Moment | None
    ended_at: Moment | None


class CampaignWithProgress(Campaign):
    """A campaign, and how far it has got."""

    progress: Progress


class HaltedCampaign(Campaign):
    """A campaign of which nothing leaves any more."""

    in_flight: Annotated[
        Count, Field(description="Calls to providers that are still under way; from 0 on nothing leaves. A repeat looks again.")
    ]


class CampaignProgress(Progress):
    """How far a campaign has got."""

    id: CampaignId
    object: Literal["campaign_progress"]
    state: CampaignState


class Recipient(Answered):
    """A row of a campaign's file."""

    row: Annotated[int, Field(ge=1, description="Its number, from 1.")]
    object: Literal["campaign_recipient"]
    state: RecipientState
    targets: Annotated[dict[Channel, str], Field(description="As they were written.")]
    variables: Annotated[dict[str, str], Field(description="Its own; of a row that is refused its cells, by their columns.")]
    time_zone: str | None
    due_at: Annotated[Moment | None, Field(description="When its turn comes again, after quiet hours.")]
    send: Annotated[str | None, Field(pattern="^snd_[0-9A-HJKMNP-TV-Z]{26}$", description="The send that it has become.")]
    reason: Annotated[str | None, Field(description="Why it was refused.")]


class ChannelPreview(Answered):
    """What one channel would send to a recipient."""

    channel: Channel
    tier: int
    target: Annotated[str | None, Field(description="As it stands in the file.")]
    content: Annotated[dict[str, Any] | None, Field(description="With its placeholders filled; null where that cannot be done.")]
    code: Annotated[str | None, Field(description="What stops it, `not_needed` if an earlier tier does; null if it would be sent.")]
    reason: str | None


class RowPreview(Answered):
    """A row of the file, as its recipient would get it."""

    row: Annotated[int, Field(ge=1)]
    object: Literal["campaign_preview"]
    state: RecipientState
    reason: Annotated[str | None, Field(description="What is wrong with the row.")]
    variables: Annotated[dict[str, str], Field(description="Its own; of a row that is refused its cells, by their columns.")]
    time_zone: str | None
    channels: list[ChannelPreview]


class ChannelTrial(Answered):
    """What would become of one channel; what is counted adds up to the recipients."""

    channel: Channel
    tier: int
    sent: Annotated[Count, Field(description="Recipients who would get the message by it.")]
    not_needed: Annotated[Count, Field(description="Those whom an earlier tier would have reached.")]
    stopped: Annotated[dict[str, Count], Field(description="The others, by the codes of what stops it.")]


class DryRun(Answered):
    """What would become of the rows of a campaign, if every provider took what it is given."""

    object: Literal["campaign_dry_run"]
    rows: Count
    refused: Count
    refusals: Annotated[dict[str, Count], Field(description="Refused rows, by what is wrong with them.")]
    duplicates: Count
    recipients: Annotated[Count, Field(description="Rows that are to become sends.")]
    sent: Annotated[Count, Field(description="Recipients whom at least one channel would reach.")]
    skipped: Annotated[Count, Field(description="Recipients whom none would.")]
    channels: list[ChannelTrial]


class DeletedCampaign(Answered):
    """What was deleted."""

    id: CampaignId
    object: Literal["campaign"]
    deleted: Literal[True]


class OneCampaign(Answered):
    """A campaign."""

    data: Campaign
    request_id: RequestId


class OneWithProgress(Answered):
    """A campaign, and how far it has got."""

    data: CampaignWithProgress
    request_id: RequestId


class OneHalted(Answered):
    """A campaign that was halted."""

    data: HaltedCampaign
    request_id: RequestId


class OneProgress(Answered):
    """How far a campaign has got."""

    data: CampaignProgress
    request_id: RequestId


class OneRowPreview(Answered):
    """A row as its recipient would get it."""

    data: RowPreview
    request_id: RequestId


class OneDryRun(Answered):
    """What would become of a campaign."""

    data: DryRun
    request_id: RequestId


class OneDeletedCampaign(Answered):
    """A campaign that is there no more."""

    data: DeletedCampaign
    request_id: RequestId


class Campaigns(Page):
    """A page of campaigns, the newest first."""

    data: list[CampaignWithProgress]


class Recipients(Page):
    """A page of recipients, in the order of the file."""

    data: list[Recipient]
