"""The bodies of requests and answers, as they stand on the wire.

A value of another type than its field wants counts as missing, and so does a body that is no JSON object: the contract has an error
for what is missing and none for what is wrong. Unknown fields are ignored.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from api.models import Answered
from api.variables import Variable
from shared.domain import links
from shared.domain.content import Text


def _or_missing(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError:
        return None


def _without_blanks(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return value


def _web_url(value: str) -> str:
    if not links.is_web_url(value):
        raise PydanticCustomError("web_url", "must be an http or https URL")
    return value


Kind = Literal["text", "image", "video", "audio", "document"]
"""The types of message, in the order a refusal lists them."""

OrMissing: Final = WrapValidator(_or_missing)
Filled = Annotated[Text, AfterValidator(_without_blanks), Field(min_length=1)]
Link = Annotated[Text, AfterValidator(_web_url), Field(json_schema_extra={"format": "uri"})]
Caption = Annotated[Any, WithJsonSchema({"type": ["string", "null"]})]
"""Any value, so that what is wrong in one of a type that has none does not matter."""


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a body; one that is no JSON object is as one without fields."""
        try:
            return cls.model_validate_json(body, strict=True)
        except ValidationError:
            return cls()


class WrittenText(_Wire):
    """What a text message says."""

    model_config = ConfigDict(json_schema_extra={"required": ["body"]})

    body: Annotated[Filled | SkipJsonSchema[None], OrMissing, Field(description="The text, as it is sent.")] = None


class File(_Wire):
    """A file that WhatsApp fetches."""

    model_config = ConfigDict(json_schema_extra={"required": ["link"]})

    link: Annotated[Link | SkipJsonSchema[None], OrMissing, Field(description="The file's address, with http or https.")] = None


class CaptionedFile(File):
    """A picture or a video."""

    caption: Annotated[Caption, Field(description="What is written below it.")] = None


class Message(_Wire):
    """A free-form message; the object named after its type says what it holds."""

    model_config = ConfigDict(json_schema_extra={"required": ["to", "type"]})

    to: Annotated[
        Filled | SkipJsonSchema[None],
        OrMissing,
        Field(description="The recipient's number with its country code; only its digits count."),
    ] = None
    type: Annotated[
        Kind | SkipJsonSchema[None],
        OrMissing,
        Field(description="What the message is."),
    ] = None
    text: Annotated[WrittenText | SkipJsonSchema[None], OrMissing, Field(description="With type text.")] = None
    image: Annotated[CaptionedFile | SkipJsonSchema[None], OrMissing, Field(description="With type image.")] = None
    video: Annotated[CaptionedFile | SkipJsonSchema[None], OrMissing, Field(description="With type video.")] = None
    audio: Annotated[File | SkipJsonSchema[None], OrMissing, Field(description="With type audio.")] = None
    document: Annotated[File | SkipJsonSchema[None], OrMissing, Field(description="With type document.")] = None


def _country(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


Variables = dict[Text, Variable]
"""What fills a template, by the names it declares; numbers are written out."""


class Template(_Wire):
    """A saved template and whom to send it to."""

    model_config = ConfigDict(json_schema_extra={"required": ["template_id", "phone_number"]})

    template_id: Annotated[
        int | SkipJsonSchema[None], OrMissing, Field(description="The template's id, as `get_templates` lists it.")
    ] = None
    phone_number: Annotated[
        Filled | SkipJsonSchema[None],
        OrMissing,
        Field(description="The recipient's number with its country code; only its digits count."),
    ] = None
    variables: Annotated[
        Any,
        WithJsonSchema({"type": ["object", "null"], "additionalProperties": {"type": ["string", "number"]}}),
        Field(description="What fills the template, by the names it declares."),
    ] = None
    country: Annotated[
        Literal["FR"] | None,
        BeforeValidator(_country),
        OrMissing,
        Field(alias="cleanForCountry", description="`FR`: the number may be written as in France, with a leading 0."),
    ] = None
    name: Annotated[
        Filled | SkipJsonSchema[None], OrMissing, Field(description="What a contact that is new is called, else `Unknown`.")
    ] = None
    email: Annotated[Filled | SkipJsonSchema[None], OrMissing, Field(description="The email address of a contact that is new.")] = (
        None
    )


class Sent(Answered):
    """The message was sent, or accepted to be."""

    success: Literal[True]
    message: str
    message_id: int
    contact_id: int
    phone_number: Annotated[str, StringConstraints(pattern=r"^[0-9]+$")]


class Repeated(Answered):
    """The message was sent before, by a request with the same key; it is not sent again."""

    message: str


class Refused(Answered):
    """Nothing was sent."""

    error: str
    details: Annotated[str | SkipJsonSchema[None], Field(description="Why WhatsApp did not take it.")] = None
    contact_id: int | SkipJsonSchema[None] = None
    phone_number: str | SkipJsonSchema[None] = None


class TooManyRequests(Answered):
    """The API key asks too often."""

    error: str
    retry_after: Annotated[int, Field(description="Seconds.")]


class ListedTemplate(Answered):
    """A template that can be sent."""

    id: int
    phone_number_id: Annotated[int, Field(description="Meta's id of the number it is sent from; 0 where that is not settled.")]
    name: str
    wa_status: Literal["APPROVED"]
    structure: Annotated[str, Field(description="A JSON object: `header`, `body` with its `variables`, and `buttons`.")]
    created_at: str
    updated_at: str


class PhoneNumber(Answered):
    """A WhatsApp Business number."""

    id: Annotated[int, Field(description="Meta's id of it; 0 while nobody has told it.")]
    phone_number: Annotated[str | None, Field(description="In digits; null while nobody has told it.")]


class Subscription(Answered):
    """Whether messages may be sent."""

    active: bool


class Team(Answered):
    """The account behind the API key."""

    id: str
    name: str
    subscription: Subscription
    phone_numbers: Annotated[list[PhoneNumber], Field(description="Those the API key can send from.")]
