"""What the room of campaigns serves."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from api import etags
from api.campaigns import models, requests
from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Parameter, Tag
from api.openapi.parameters import CREATED, CURSOR, LIMIT, identifier, query
from api.openapi.refusals import LENGTH_REQUIRED, conflict
from shared.domain.campaigns import CampaignState, RecipientState
from shared.management.campaigns.readers import Format

_TAG: Final = Tag(
    name="Campaigns",
    description="""One message to the many recipients of a file.

A campaign is made as a draft and gets its file, which is read after it was taken: the campaign is `importing`, and then a draft
again, or `failed`. Started, it is `running`, or `scheduled` until its time; `paused`, nothing of it leaves; it ends as `completed`
or `cancelled`. What leaves is sends as any other, which are searched by their ids in the recipients.

A campaign that recurs stays `scheduled`, and each of its times makes a campaign of its own, whose `parent` it is. Of times that
passed while nobody looked, only the last occurs.
""",
)
_EXAMPLE: Final = "cmp_01M7XC8EPCEHFVZ3Z7T6A5DQ50"
_ID: Final = identifier("The campaign's id.", models.CampaignId, _EXAMPLE)
_STATE: Final = conflict(
    "campaign_state", "the campaign is running and can be started as a draft only", "Its state does not allow it."
)
_NEW: Final = {
    "name": "Payday",
    "keys": {"whatsapp": {"token": "wa_1b7Q..."}},
    "content": {"whatsapp": {"message": {"type": "text", "message": "Hi {{name}}, 20 % off until Sunday."}}},
    "columns": {"targets": {"whatsapp": "phone"}, "variables": {"name": "first name"}},
    "time_zone": "Asia/Jakarta",
    "quiet_hours": {"from": "21:00", "until": "08:00"},
    "rate_per_second": 20,
}
_SEARCH: Final = (
    query("state", "Only those in this state.", CampaignState),
    query("name", "Only those whose names contain this, in any case.", Annotated[str, Field(min_length=3)]),
    *CREATED,
    LIMIT,
    CURSOR,
)
_FILE: Final = (
    _ID,
    query("format", "What the file is written in; otherwise its media type or its name tells it.", Format),
    query("name", "What the file is called; otherwise `Content-Disposition` tells it."),
)
_ROW: Final = Parameter(
    name="row", where="query", description="Its number, from 1.", type=Annotated[int, Field(ge=1)], required=True, example=1
)
_NAMED: Final = {"Content-Disposition": "What to call the file."}
_MATCHED: Final = (_ID, etags.IF_MATCH)


def _campaign(status: int, description: str, *refused: int) -> Mapping[int, Answer]:
    answer = Answer(description=description, type=models.OneCampaign, headers=etags.HEADERS)
    return counted.answers(status, answer, *refused, 403, 404, conflict=_STATE)


def _halted(description: str) -> Mapping[int, Answer]:
    return counted.answers(200, Answer(description=description, type=models.OneHalted), 403, 404, conflict=_STATE)


def _file(description: str) -> Mapping[int, Answer]:
    answer = Answer(description=description, type=str, media_type="text/csv", headers=_NAMED)
    return counted.answers(200, answer, 403, 404)


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/campaigns",
        name="create_campaign",
        summary="Create a campaign",
        description="Makes a campaign as a draft. Channels, keys, content and behaviour are those of `POST /v1/send`.",
        tag=_TAG,
        body=Body(type=requests.NewCampaign, example=_NEW),
        answers=counted.answers(
            201, Answer(description="The draft.", type=models.OneCampaign, headers=etags.HEADERS), 400, 403, 413
        ),
    ),
    Operation(
        method="GET",
        path="/v1/campaigns",
        name="list_campaigns",
        summary="List campaigns",
        description="Gives a page of campaigns, the newest first, each with how far it has got.",
        tag=_TAG,
        parameters=_SEARCH,
        answers=counted.answers(200, Answer(description="A page of campaigns.", type=models.Campaigns), 400, 403),
    ),
    Operation(
        method="GET",
        path="/v1/campaigns/<identifier>",
        name="look_up_campaign",
        summary="Look up a campaign",
        description="Gives a campaign and how far it has got.",
        tag=_TAG,
        parameters=(_ID,),
        answers=counted.answers(
            200, Answer(description="The campaign.", type=models.OneWithProgress, headers=etags.HEADERS), 403, 404
        ),
    ),
    Operation(
        method="PATCH",
        path="/v1/campaigns/<identifier>",
        name="change_campaign",
        summary="Change a campaign",
        description="Changes a campaign that is a draft, scheduled or paused. Keys, content and behaviour are given together, and "
        "count for the recipients that are still to become sends; columns count for the next file.",
        tag=_TAG,
        parameters=_MATCHED,
        body=Body(type=requests.CampaignChanges, example={"schedule": 1795300000, "rate_per_second": None}),
        answers={**_campaign(200, "The campaign as it then stands.", 400, 413), **etags.CHANGED},
    ),
    Operation(
        method="DELETE",
        path="/v1/campaigns/<identifier>",
        name="delete_campaign",
        summary="Delete a campaign",
        description="Deletes a campaign that does not run, with its recipients. Its sends stay, and so does what was counted.",
        tag=_TAG,
        parameters=_MATCHED,
        answers={
            **counted.answers(200, Answer(description="It is deleted.", type=models.OneDeletedCampaign), 403, 404, conflict=_STATE),
            **etags.CHANGED,
        },
    ),
    Operation(
        method="PUT",
        path="/v1/campaigns/<identifier>/recipients",
        name="upload_recipients",
        summary="Upload the recipients",
        description="Takes the file of a draft's recipients, `ANTAR_MAX_RECIPIENTS_BYTES` at the most, in place of a former one. "
        "It is read after the answer; `GET` shows when it was: the state is `draft`, or `failed` and `state_reason` says why.",
        tag=_TAG,
        parameters=_FILE,
        body=Body(type=str, example="phone,first name\n+6281234567890,Ana\n", media_type="text/csv"),
        answers={**_campaign(202, "The campaign, importing.", 400, 413), **LENGTH_REQUIRED},
    ),
    Operation(
        method="GET",
        path="/v1/campaigns/<identifier>/recipients",
        name="list_recipients",
        summary="List the recipients",
        description="Gives a page of a campaign's recipients, in the order of its file.",
        tag=_TAG,
        parameters=(_ID, query("state", "Only those in this state.", RecipientState), LIMIT, CURSOR),
        answers=counted.answers(200, Answer(description="A page of recipients.", type=models.Recipients), 400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/campaigns/<identifier>/preview",
        name="preview_recipient",
        summary="Preview a message",
        description="Gives a row of the file as its recipient would get it, on each channel.",
        tag=_TAG,
        parameters=(_ID, _ROW),
        answers=counted.answers(200, Answer(description="The row.", type=models.OneRowPreview), 400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/campaigns/<identifier>/dry_run",
        name="try_campaign",
        summary="Try a campaign",
        description="Tells what would become of the recipients that are not sends yet, without sending anything.",
        tag=_TAG,
        parameters=(_ID,),
        answers=counted.answers(200, Answer(description="What would become of them.", type=models.OneDryRun), 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/campaigns/<identifier>/progress",
        name="look_up_progress",
        summary="Look up the progress",
        description="Gives how far a campaign has got: what has become of its recipients at one moment.",
        tag=_TAG,
        parameters=(_ID,),
        answers=counted.answers(200, Answer(description="The progress.", type=models.OneProgress), 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/campaigns/<identifier>/start",
        name="start_campaign",
        summary="Start a campaign",
        description="Starts a draft: at once, or at its time, or each time it recurs.",
        tag=_TAG,
        parameters=(_ID,),
        answers=_campaign(200, "The campaign, running or scheduled.", 400),
    ),
    Operation(
        method="POST",
        path="/v1/campaigns/<identifier>/pause",
        name="pause_campaign",
        summary="Pause a campaign",
        description="Pauses a campaign that runs or is scheduled, and waits a while for the calls that are under way.",
        tag=_TAG,
        parameters=(_ID,),
        answers=_halted("The campaign, paused."),
    ),
    Operation(
        method="POST",
        path="/v1/campaigns/<identifier>/resume",
        name="resume_campaign",
        summary="Resume a campaign",
        description="Lets a paused campaign go on with the recipient whose turn it was.",
        tag=_TAG,
        parameters=(_ID,),
        answers=_campaign(200, "The campaign, running or scheduled."),
    ),
    Operation(
        method="POST",
        path="/v1/campaigns/<identifier>/cancel",
        name="cancel_campaign",
        summary="Cancel a campaign",
        description="Stops a campaign for good: what waits is cancelled, and the calls that are under way are waited for a while.",
        tag=_TAG,
        parameters=(_ID,),
        answers=_halted("The campaign, cancelled."),
    ),
    Operation(
        method="POST",
        path="/v1/campaigns/<identifier>/resend_failures",
        name="resend_failures",
        summary="Send to the failures again",
        description="Makes a draft with the same plan for those whom a campaign that has ended did not reach.",
        tag=_TAG,
        parameters=(_ID,),
        body=Body(type=requests.Resending, example={"states": ["failed", "expired"]}, required=False),
        answers=_campaign(201, "The new draft.", 400, 413),
    ),
    Operation(
        method="GET",
        path="/v1/campaigns/<identifier>/report.csv",
        name="report_campaign",
        summary="Report",
        description="Gives a line for every row of the file: what became of it, and of each channel.",
        tag=_TAG,
        parameters=(_ID,),
        answers=_file("The report."),
    ),
    Operation(
        method="GET",
        path="/v1/campaigns/<identifier>/refused.csv",
        name="list_refused_rows",
        summary="Refused rows",
        description="Gives the rows of the file that are wrong, each with its number and why.",
        tag=_TAG,
        parameters=(_ID,),
        answers=_file("The rows."),
    ),
)
