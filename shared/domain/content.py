"""What a message says: the shapes of inline messages and of templates, per channel.

Field names on the wire and in the database are the Kirisan contract's (section 1.2): ``fileUrl``,
``listMessage`` and so on; in Python they are snake case. Unknown fields are ignored.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.domain.channels import Channel

JsonObject = dict[str, Any]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _storable(value: str) -> str:
    """Refuse what JSON can carry and Postgres cannot store."""
    if "\0" in value:
        raise PydanticCustomError("nul_character", "must not contain the NUL character")
    if not value.isascii() and _SURROGATE.search(value):
        raise PydanticCustomError("surrogate_character", "must not contain half of a surrogate pair")
    return value


def _storable_inside(value: JsonObject) -> JsonObject:
    _check(value)
    return value


def _check(value: Any) -> None:
    """Check every string of a JSON value, the names of its fields included."""
    if isinstance(value, str):
        _storable(value)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _storable(name)
            _check(item)


Text = Annotated[str, AfterValidator(_storable)]
"""A string that can be stored."""

StorableObject = Annotated[JsonObject, AfterValidator(_storable_inside)]
"""A JSON object of another party's shape that can be stored."""


class MessageType(StrEnum):
    """The kinds of inline message."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    AUDIO = "audio"
    LOCATION = "location"
    INTERACTIVE = "interactive"


MEDIA_TYPES = frozenset({MessageType.IMAGE, MessageType.VIDEO, MessageType.DOCUMENT, MessageType.AUDIO})
"""The types that carry a file."""


class _Wire(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
    )


class Location(_Wire):
    """A point on the map, in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lng: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    name: Text | None = None
    address: Text | None = None


class Button(_Wire):
    """One button: a link when ``url`` is set, else a reply that comes back with ``id``."""

    text: Annotated[Text, Field(description="What stands on it.")]
    id: Annotated[Text | None, Field(description="What comes back when it is pressed.")] = None
    url: Annotated[Text | None, Field(description="What it opens.")] = None


class ListRow(_Wire):
    """One choice of a list."""

    id: Text
    title: Text
    description: Text | None = None


class ListSection(_Wire):
    """A titled group of choices."""

    title: Text | None = None
    rows: Annotated[tuple[ListRow, ...], Field(min_length=1)]


class ListMessage(_Wire):
    """A menu that opens behind one button."""

    button: Annotated[Text, Field(description="What stands on the button that opens it.")]
    title: Text | None = None
    sections: Annotated[tuple[ListSection, ...], Field(min_length=1)]


def _as_row(value: Any) -> Any:
    """Accept a lone button where a row of buttons is meant; the contract leaves the row's shape open."""
    return (value,) if isinstance(value, Mapping) else value


ButtonRow = Annotated[tuple[Button, ...], BeforeValidator(_as_row)]


class RichContext(_Wire):
    """What a message carries beside its text; every field is optional."""

    file_url: Annotated[Text | None, Field(description="Where the file is fetched, with http or https.")] = None
    file_id: Annotated[Text | None, Field(description="The id of a file of this account, in place of its address.")] = None
    file_name: Annotated[Text | None, Field(description="What the file is called.")] = None
    footer: Annotated[Text | None, Field(description="What stands below in small letters.")] = None
    location: Annotated[Location | None, Field(description="With type location.")] = None
    buttons: Annotated[tuple[ButtonRow, ...] | None, Field(description="With type interactive: rows of buttons.")] = None
    list_message: Annotated[ListMessage | None, Field(description="With type interactive: a menu.")] = None


class Message(_Wire):
    """An inline message, and the body of a WhatsApp or Telegram template."""

    type: Annotated[MessageType, Field(description="What the message is.")]
    message: Annotated[Text | None, Field(description="The text, or what stands below a file; {{placeholders}} are filled.")] = None
    rich_context: Annotated[RichContext, Field(description="A file, a place, buttons or a menu.")] = RichContext()

    @property
    def text(self) -> str:
        """The text or caption, empty when there is none."""
        return self.message or ""


class Attachment(_Wire):
    """A file that an email carries."""

    file_id: Annotated[Text, Field(description="The id of a file of this account; a {{placeholder}} is filled.")]
    file_name: Annotated[Text | None, Field(description="What the recipient sees it called.")] = None


MOST_ATTACHMENTS: Final = 10
"""Files of one email."""


class EmailBody(_Wire):
    """The body of an email template: HTML with an optional plain-text alternative, and files."""

    subject: Text
    html: Text
    text: Text | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MOST_ATTACHMENTS)] | None = None


class WabaTemplate(_Wire):
    """The body of a WABA template: Meta's own definition of it.

    ``components`` are Meta's (``HEADER``, ``BODY``, ``FOOTER``, ``BUTTONS``). With ``named`` parameters the placeholders are
    ``{{name}}``; with ``positional`` they are ``{{1}}``, ``{{2}}``, in each component and button from 1, and ``variables`` names
    them all in the order of the template.
    """

    name: Text
    language: Text
    parameter_format: Literal["named", "positional"] = "named"
    variables: tuple[Text, ...] = ()
    components: tuple[StorableObject, ...]


class TemplateMessage(_Wire):
    """A WABA template ready to send: Meta's name, language and components with their parameters, forwarded verbatim."""

    name: Text
    language: Text
    components: tuple[StorableObject, ...] = ()


class CloudMessage(_Wire):
    """A message in the Cloud API's own shape, sent as it is by WABA: nothing in it is a placeholder (contract, Kirim 5)."""

    kind: Literal["text", "image", "video", "document", "audio", "interactive", "template"]
    """Meta's ``type``."""
    cloud: StorableObject
    """The object that Meta wants under that name."""


TemplateBody = Message | EmailBody | WabaTemplate
"""What a stored template holds; its channel says which."""

Inline = Message | CloudMessage
"""What a delivery may bring itself."""

Rendered = Message | EmailBody | TemplateMessage | CloudMessage
"""What an adapter is given: every placeholder filled."""

_TEMPLATE_MODELS: dict[Channel, type[Message | EmailBody | WabaTemplate]] = {
    Channel.WHATSAPP: Message,
    Channel.TELEGRAM: Message,
    Channel.EMAIL: EmailBody,
    Channel.WABA: WabaTemplate,
}


def parse_template(channel: Channel, body: Mapping[str, Any]) -> TemplateBody:
    """Read a stored template's body. Raises :class:`pydantic.ValidationError` naming the field."""
    return _TEMPLATE_MODELS[channel].model_validate(body)


def parse_inline(body: Mapping[str, Any]) -> Inline:
    """Read a delivery's own content. Raises :class:`pydantic.ValidationError`."""
    return (CloudMessage if "cloud" in body else Message).model_validate(body)


def dump(content: BaseModel) -> JsonObject:
    """Give content the shape it is stored in."""
    return content.model_dump(mode="json", by_alias=True, exclude_none=True)
