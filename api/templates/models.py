"""Templates as they are asked for and answered: :mod:`api.templates.render` writes the latter."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Answered, Moment, Page, RequestId
from api.variables import Variable
from shared.domain.channels import Channel
from shared.domain.content import StorableObject, Text

FEWEST_TO_SEARCH: Final = 3
_LONGEST_NAME: Final = 512

TemplateId = Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
KeyId = Annotated[str, Field(pattern="^key_[0-9A-HJKMNP-TV-Z]{26}$")]
Status = Literal["draft", "pending", "approved", "rejected"]
Category = Literal["AUTHENTICATION", "MARKETING", "UTILITY"]

Name = Annotated[Text, Field(min_length=1, max_length=_LONGEST_NAME, description="What people call it.")]
Language = Annotated[Text, Field(min_length=1, max_length=_LONGEST_NAME, description="A code such as `id` or `en_US`.")]
Body = Annotated[
    StorableObject,
    Field(
        description="What it says: by WhatsApp and Telegram a message, by email `subject`, `html` and maybe `text`, by WABA Meta's"
        " definition of it with `name`, `language` and `components`."
    ),
]
_Category = Annotated[Category, Field(description="By WABA: what Meta is to take it for.")]


class _Asked(BaseModel):
    """The base of what is asked: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class NewTemplate(_Asked):
    """A template to be made."""

    name: Name
    body: Body
    language: Language | None = None
    submit: Annotated[bool, Field(description="Whether it is to be judged at once; otherwise it is a draft.")] = False
    key: Annotated[KeyId | None, Field(description="By WABA: the number it is for; needed where the account has several.")] = None
    category: Annotated[_Category | None, Field(description="By WABA, where it is needed: what Meta is to take it for.")] = None


class ChangedTemplate(_Asked):
    """What is to change of a template; what is left out, or null, stays."""

    name: Name | None = None
    body: Body | None = None
    language: Language | None = None
    category: _Category | None = None


class TemplateVariables(_Asked):
    """What a template is to be filled with."""

    variables: Annotated[dict[str, Variable], Field(description="Values by the names of the variables.")] = {}


class TemplateSyncRequest(_Asked):
    """Whose templates are to be read from Meta."""

    key: Annotated[KeyId | None, Field(description="The number; otherwise all of the account.")] = None


class Template(Answered):
    """A template as it stands."""

    id: TemplateId
    object: Literal["template"]
    channel: Channel
    name: str
    language: str | None
    status: Annotated[Status, Field(description="`draft` until it is submitted, `pending` until it is judged.")]
    status_reason: Annotated[str | None, Field(description="Why it was rejected, or switched off by Meta.")]
    active: Annotated[bool, Field(description="Only what is `approved` and active is sent.")]
    body: dict[str, Any]
    variables: Annotated[list[str], Field(description="The variables it needs, in order of appearance.")]
    key_id: Annotated[KeyId | None, Field(description="By WABA: the number it belongs to; null for any of the account.")]
    category: str | None
    quality: Annotated[str | None, Field(description="Meta's score of it.")]
    provider_id: Annotated[str | None, Field(description="Meta's id of it, once Meta has it.")]
    created_at: Moment
    updated_at: Moment
    synced_at: Annotated[Moment | None, Field(description="The moment as of which this is what Meta says.")]


class TemplatePreview(Answered):
    """What a template would be sent as."""

    object: Literal["template_preview"]
    rendered: Annotated[dict[str, Any] | None, Field(description="The message, or null where something is in the way.")]
    missing_variables: Annotated[list[str], Field(description="The variables that have no value.")]
    invalid_field: Annotated[str | None, Field(description="The field that is wrong once the variables are in it.")]


class DeletedTemplate(Answered):
    """What was deleted."""

    id: TemplateId
    object: Literal["template"]
    deleted: Literal[True]


class TemplateSync(Answered):
    """How far the templates of a number are known."""

    object: Literal["template_sync"]
    key_id: KeyId
    name: Annotated[str, Field(description="The key's.")]
    synced_at: Annotated[Moment | None, Field(description="The moment as of which Meta's templates are known.")]
    due_at: Annotated[Moment | None, Field(description="When they are read next; one that has passed means at once.")]
    error: Annotated[str | None, Field(description="What was in the way the last time.")]


class OneTemplate(Answered):
    """A template."""

    data: Template
    request_id: RequestId


class OneTemplatePreview(Answered):
    """A preview."""

    data: TemplatePreview
    request_id: RequestId


class OneDeletedTemplate(Answered):
    """A template that is there no more."""

    data: DeletedTemplate
    request_id: RequestId


class Templates(Page):
    """A page of templates, the newest first."""

    data: list[Template]


class TemplateSyncs(Answered):
    """The account's numbers."""

    data: list[TemplateSync]
    request_id: RequestId
