"""What stands on the wire. In requests unknown fields are ignored at every level, and null means absent."""

from abc import abstractmethod
from typing import Annotated, Any, Final, Literal

from pydantic import AliasChoices, Field, TypeAdapter
from pydantic.json_schema import SkipJsonSchema

from api.dialects.kirim.fields import Language, PhoneNumber, PublicUrl
from api.dialects.kirim.interactive import Interactive, Wire
from api.models import Answered, Moment, Page, RequestId
from shared.domain.content import JsonObject, Text
from shared.domain.messages import Status

Caption = Annotated[Text, Field(max_length=1024)]


class TextBody(Wire):
    """Plain text; ``*bold*``, ``_italic_``, ``~strike~`` and code are shown as such."""

    body: Annotated[Text, Field(min_length=1, max_length=4096)]


class File(Wire):
    """A file that Meta fetches; ``link`` is another name of ``url``."""

    url: Annotated[
        PublicUrl, Field(validation_alias=AliasChoices("url", "link"), description="Public, and with its right Content-Type.")
    ]
    caption: Caption | None = None

    def cloud(self) -> JsonObject:
        """Give the object that Meta wants."""
        return {"link": self.url, **({"caption": self.caption} if self.caption else {})}


class Document(File):
    """A file with a name to show."""

    filename: Annotated[Text, Field(min_length=1, max_length=240)] | None = None

    def cloud(self) -> JsonObject:
        """Give the object that Meta wants."""
        return {**super().cloud(), **({"filename": self.filename} if self.filename else {})}


class Audio(File):
    """A file that is heard: Meta takes no caption with it, so that one is ignored."""

    def cloud(self) -> JsonObject:
        """Give the object that Meta wants."""
        return {"link": self.url}


class Template(Wire):
    """An approved template, filled."""

    name: Annotated[Text, Field(min_length=1, max_length=512)]
    language: Language
    components: Annotated[
        Annotated[list[JsonObject], Field(fail_fast=True)] | None,
        Field(description="Meta's components with their parameters, sent as they are."),
    ] = None


class Envelope(Wire):
    """What every message has."""

    to: Annotated[PhoneNumber, Field(description="The recipient.")]
    sender: Annotated[
        PhoneNumber | None,
        Field(validation_alias="from", description="The number to send from; needed where the account has several."),
    ] = None

    type: str

    @abstractmethod
    def cloud(self, given: Any) -> JsonObject:
        """Give the object that Meta wants under the message's type; ``given`` is what stands there in the request."""


class TextMessage(Envelope):
    """A text."""

    type: Literal["text"]
    text: TextBody

    def cloud(self, given: Any) -> JsonObject:  # noqa: ARG002 - nothing else of it is sent.
        """Give the text alone."""
        return {"body": self.text.body}


class TemplateMessage(Envelope):
    """A template, which may be sent outside the 24-hour window."""

    type: Literal["template"]
    template: Template

    def cloud(self, given: Any) -> JsonObject:
        """Give the name and the language in Meta's shape, and the components as they came."""
        named: JsonObject = {"name": self.template.name, "language": {"code": self.template.language}}
        return named if self.template.components is None else {**named, "components": given["components"]}


class FileMessage(Envelope):
    """What every file has."""

    def cloud(self, given: Any) -> JsonObject:  # noqa: ARG002 - nothing else of it is sent.
        """Give the file with what its type may carry."""
        file: File = getattr(self, self.type)
        return file.cloud()


class ImageMessage(FileMessage):
    """An image, up to 5 MB."""

    type: Literal["image"]
    image: File


class DocumentMessage(FileMessage):
    """A document, up to 100 MB."""

    type: Literal["document"]
    document: Document


class VideoMessage(FileMessage):
    """A video, up to 16 MB."""

    type: Literal["video"]
    video: File


class AudioMessage(FileMessage):
    """A recording, up to 16 MB."""

    type: Literal["audio"]
    audio: Audio


class InteractiveMessage(Envelope):
    """A message with something to press."""

    type: Literal["interactive"]
    interactive: Interactive

    def cloud(self, given: Any) -> JsonObject:
        """Give it as it came."""
        return dict(given)


MessageBody = Annotated[
    TextMessage | TemplateMessage | ImageMessage | DocumentMessage | VideoMessage | AudioMessage | InteractiveMessage,
    Field(discriminator="type"),
]
"""A message to one recipient."""

MESSAGE: Final[TypeAdapter[Any]] = TypeAdapter(MessageBody)


MessageType = Literal["text", "template", "image", "document", "video", "audio", "interactive"]
MessageId = Annotated[str, Field(pattern="^msg_[0-9A-HJKMNP-TV-Z]{26}$")]


class AcceptedMessage(Answered):
    """A message that is committed, and will be sent."""

    id: MessageId
    object: Literal["message"]
    to: str
    type: MessageType
    status: Literal["pending"]
    created_at: Moment


class Accepted(Answered):
    """The answer to a message, which a repeat with the same `Idempotency-Key` gets byte for byte."""

    data: AcceptedMessage
    request_id: RequestId


class FailureReason(Answered):
    """Why a message failed."""

    code: Annotated[str, Field(description="A stable code, as `outside_24h_window`.")]
    message: str
    provider_code: Annotated[int | None, Field(description="Meta's own code.")]


class MessageResource(Answered):
    """A message as it stands."""

    id: MessageId
    object: Literal["message"]
    to: str
    type: MessageType
    status: Status
    created_at: Moment
    sender: Annotated[
        str | None, Field(serialization_alias="from", description="The number it was sent from, where antar knows it.")
    ]
    provider_message_id: Annotated[str | None, Field(description="Meta's id, which its webhooks name it by.")]
    error: Annotated[FailureReason | SkipJsonSchema[None], Field(description="Only of a message that failed.")] = None


class Message(Answered):
    """One message."""

    data: MessageResource
    request_id: RequestId


class Messages(Page):
    """A page of messages."""

    data: list[MessageResource]


class TemplateResource(Answered):
    """A template of Meta's, in one language."""

    id: Annotated[str, Field(pattern="^tmpl_[0-9A-HJKMNP-TV-Z]{26}$")]
    object: Literal["template"]
    name: str
    language: str
    category: str | None
    status: Literal["approved", "pending", "rejected"]
    active: Annotated[bool, Field(description="Whether it is switched on: an approved one that is not cannot be sent either.")]
    components: list[JsonObject]


class OneTemplate(Answered):
    """One template."""

    data: TemplateResource
    request_id: RequestId


class Templates(Page):
    """A page of templates."""

    data: list[TemplateResource]


class Organization(Answered):
    """The account."""

    id: Annotated[str, Field(pattern="^org_[0-9A-HJKMNP-TV-Z]{26}$")]
    object: Literal["organization"]
    name: str


class ApiKey(Answered):
    """The account token of the request."""

    id: Annotated[str, Field(pattern="^key_[0-9A-HJKMNP-TV-Z]{26}$")]
    object: Literal["api_key"]
    label: str | None
    last4: str | None


class RateLimits(Answered):
    """How often the account may ask."""

    tier: Annotated[Literal["default", "custom"], Field(description="`custom` where a limit is the account's own.")]
    write_per_minute: int
    read_per_minute: int


class Asking(Answered):
    """Who is asking."""

    organization: Organization
    api_key: ApiKey
    rate_limits: RateLimits


class Me(Answered):
    """Who is asking, in its envelope."""

    data: Asking
    request_id: RequestId
