"""What the room of templates serves."""

from typing import Annotated, Final

from pydantic import Field

from api import etags
from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Parameter, Tag
from api.openapi.parameters import CURSOR, LIMIT, query
from api.openapi.refusals import conflict
from api.templates import models
from shared.domain.channels import Channel

_TAG: Final = Tag(
    name="Channel templates",
    description="""Content that is judged once and sent by its number.

A template is a `draft` until it is submitted, `pending` until it is judged, and then `approved` or `rejected`. Only what is
approved and `active` is sent. Operators judge; the templates of a WhatsApp Business number are made, and judged, at Meta, which is
read every hour, when one of its webhooks says that something has changed, and when it is asked for. What is pending or approved is
not changed: for another wording make another template, and let it be approved before the old one is switched off. What Meta has is
changed there.
""",
)

_LIST: Final = "/v1/channels/<channel>/templates"
_ONE: Final = f"{_LIST}/<identifier>"
_SYNC: Final = "/v1/channels/waba/templates/sync"
_CHANNEL: Final = Parameter(name="channel", where="path", description="The channel.", type=Channel, example="telegram")
_TEMPLATE: Final = Parameter(
    name="identifier", where="path", description="The template's number.", type=models.TemplateId, example=17
)
_HERE: Final = (_CHANNEL, _TEMPLATE)
_SEARCH: Final = Annotated[str, Field(min_length=models.FEWEST_TO_SEARCH)]
_BODY: Final = {"type": "text", "message": "Hi {{name}}, your order {{order_id}} is ready."}
_NEW: Final = {"name": "order ready", "body": _BODY, "submit": True}

_STATE: Final = conflict("template_state", "the template is approved, and cannot be changed", "The template stands otherwise.")
_TAKEN: Final = conflict(
    "template_already_exists",
    "the number has a template order_ready in id already",
    "The number has a template of this name and language.",
)
_EITHER: Final = conflict(
    "template_state",
    "the template is approved, and cannot be changed",
    "The template stands otherwise, or (`template_already_exists`) the number has one of this name and language.",
)


def _one(description: str) -> Answer:
    return Answer(description=description, type=models.OneTemplate, headers=etags.HEADERS)


OPERATIONS: Final = (
    Operation(
        method="GET",
        path=_LIST,
        name="list_channel_templates",
        summary="List templates",
        description="Gives a page of a channel's templates, the newest first.",
        tag=_TAG,
        parameters=(
            _CHANNEL,
            query("status", "Only those that stand so.", models.Status),
            query("active", "Only those that are switched on, or off.", bool),
            query("search", "Only those with this in their name, whatever its case.", _SEARCH),
            LIMIT,
            CURSOR,
        ),
        answers=counted.answers(200, Answer(description="A page of templates.", type=models.Templates), 400, 403, 404),
    ),
    Operation(
        method="POST",
        path=_LIST,
        name="create_channel_template",
        summary="Make a template",
        description="Makes a draft, or with `submit` a template that is judged at once.",
        tag=_TAG,
        parameters=(_CHANNEL,),
        body=Body(type=models.NewTemplate, example=_NEW),
        answers=counted.answers(201, _one("The template."), 400, 403, 404, 413, conflict=_TAKEN),
    ),
    Operation(
        method="POST",
        path=_SYNC,
        name="sync_templates",
        summary="Read templates from Meta",
        description="Has the templates of the account's numbers read from Meta soon: `/v1/channels/waba/template_sync` tells.",
        tag=_TAG,
        body=Body(type=models.TemplateSyncRequest, example={}, required=False),
        answers=counted.answers(202, Answer(description="The numbers.", type=models.TemplateSyncs), 400, 403, 404, 413),
    ),
    Operation(
        method="GET",
        path="/v1/channels/waba/template_sync",
        name="look_up_template_sync",
        summary="What is known of Meta's templates",
        description="Tells as of when the templates of each number of the account are known, and what was in the way since.",
        tag=_TAG,
        answers=counted.answers(200, Answer(description="The numbers.", type=models.TemplateSyncs), 403),
    ),
    Operation(
        method="GET",
        path=_ONE,
        name="look_up_channel_template",
        summary="Look up a template",
        description="Gives a template as it stands, with the variables it needs.",
        tag=_TAG,
        parameters=(*_HERE, etags.IF_NONE_MATCH),
        answers={**counted.answers(200, _one("The template."), 403, 404), **etags.UNCHANGED},
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        name="change_channel_template",
        summary="Change a template",
        description="Changes a draft, or what was rejected, which is a draft again.",
        tag=_TAG,
        parameters=(*_HERE, etags.IF_MATCH),
        body=Body(type=models.ChangedTemplate, example={"body": _BODY}),
        answers={**counted.answers(200, _one("The template."), 400, 403, 404, 413, conflict=_EITHER), **etags.CHANGED},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        name="delete_channel_template",
        summary="Delete a template",
        description="Deletes a draft, or what was rejected, that no campaign and no scheduled send uses. Others are deactivated.",
        tag=_TAG,
        parameters=(*_HERE, etags.IF_MATCH),
        answers={
            **counted.answers(200, Answer(description="It is deleted.", type=models.OneDeletedTemplate), 403, 404, conflict=_STATE),
            **etags.CHANGED,
        },
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/preview",
        name="preview_channel_template",
        summary="Preview a template",
        description="Fills a template as a worker does before the call, and gives the message, or what is in the way.",
        tag=_TAG,
        parameters=_HERE,
        body=Body(type=models.TemplateVariables, example={"variables": {"name": "Alex", "order_id": "A-1001"}}, required=False),
        answers=counted.answers(200, Answer(description="The preview.", type=models.OneTemplatePreview), 400, 403, 404, 413),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/submit",
        name="submit_channel_template",
        summary="Submit a template",
        description="Has a draft judged, or what was rejected once more. By WABA it is made at Meta, soon.",
        tag=_TAG,
        parameters=_HERE,
        answers=counted.answers(202, _one("The template, pending."), 400, 403, 404, conflict=_STATE),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/activate",
        name="activate_channel_template",
        summary="Switch a template on",
        description="Lets a template be sent again, if it is approved; not one that Meta has switched off.",
        tag=_TAG,
        parameters=_HERE,
        answers=counted.answers(200, _one("The template."), 403, 404, conflict=_STATE),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/deactivate",
        name="deactivate_channel_template",
        summary="Switch a template off",
        description="Keeps a template from being sent; its review stands.",
        tag=_TAG,
        parameters=_HERE,
        answers=counted.answers(200, _one("The template."), 403, 404),
    ),
)
