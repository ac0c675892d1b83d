"""Interactive messages, in Meta's shape and within Meta's documented limits. What is valid goes to Meta as it came."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.dialects.kirim.fields import PublicUrl
from shared.domain.content import Text

_MOST_ROWS: Final = 10


class Wire(BaseModel):
    """What unknown fields are ignored in."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


def missing(field: str) -> PydanticCustomError:
    """Make the error of an object that lacks a field which another of its fields asks for."""
    return PydanticCustomError("missing_field", "{field} is required", {"field": field})


Short = Annotated[Text, Field(min_length=1, max_length=20)]
"""What stands on a button."""

Title = Annotated[Text, Field(min_length=1, max_length=24)]


class Words(Wire):
    """A line of text above or below."""

    text: Annotated[Text, Field(min_length=1, max_length=60)]


class HeaderFile(Wire):
    """A file in a header: one that Meta can fetch, or has."""

    link: PublicUrl | None = None
    id: Annotated[Text, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _has_source(self) -> Self:
        if self.link is None and self.id is None:
            raise missing("link")
        return self


class Header(Wire):
    """What stands above the text: a line, or a file."""

    type: Literal["text", "image", "video", "document"]
    text: Annotated[Text, Field(min_length=1, max_length=60)] | None = None
    image: HeaderFile | None = None
    video: HeaderFile | None = None
    document: HeaderFile | None = None

    @model_validator(mode="after")
    def _has_what_it_says(self) -> Self:
        if getattr(self, self.type) is None:
            raise missing(self.type)
        return self


class TextHeader(Wire):
    """What stands above a list: only text."""

    type: Literal["text"]
    text: Annotated[Text, Field(min_length=1, max_length=60)]


class BodyText(Wire):
    """The text."""

    text: Annotated[Text, Field(min_length=1, max_length=1024)]


class ListBody(Wire):
    """The text of a list, which may be longer."""

    text: Annotated[Text, Field(min_length=1, max_length=4096)]


class UrlParameters(Wire):
    """What the button says and opens."""

    display_text: Short
    url: Annotated[Text, Field(min_length=1, max_length=2000, pattern=r"^https?://")]


class UrlAction(Wire):
    """A button that opens a page."""

    name: Literal["cta_url"]
    parameters: UrlParameters


class CtaUrl(Wire):
    """A text with a button that opens a page."""

    type: Literal["cta_url"]
    header: Header | None = None
    body: BodyText
    footer: Words | None = None
    action: UrlAction


class Row(Wire):
    """A choice; its ``id`` comes back with the customer's answer."""

    id: Annotated[Text, Field(min_length=1, max_length=200)]
    title: Title
    description: Annotated[Text, Field(max_length=72)] | None = None


class Section(Wire):
    """A group of choices, which needs a title where there are several."""

    title: Title | None = None
    rows: Annotated[list[Row], Field(min_length=1, max_length=_MOST_ROWS)]


class ListAction(Wire):
    """The menu behind the button."""

    button: Short
    sections: Annotated[list[Section], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if sum(len(section.rows) for section in self.sections) > _MOST_ROWS:
            raise PydanticCustomError("too_many_rows", "must have at most 10 rows in all its sections")
        ids = [row.id for section in self.sections for row in section.rows]
        if len(set(ids)) < len(ids):
            raise PydanticCustomError("same_ids", "must have rows with ids that differ")
        if len(self.sections) > 1 and any(section.title is None for section in self.sections):
            raise PydanticCustomError("untitled", "must have a title on each of several sections")
        return self


class List(Wire):
    """A text with a menu of choices."""

    type: Literal["list"]
    header: TextHeader | None = None
    body: ListBody
    footer: Words | None = None
    action: ListAction


class Reply(Wire):
    """What a button says; its ``id`` comes back with the customer's answer."""

    id: Annotated[Text, Field(min_length=1, max_length=256)]
    title: Short


class ReplyButton(Wire):
    """A button to answer with."""

    type: Literal["reply"]
    reply: Reply


class ButtonAction(Wire):
    """The buttons."""

    buttons: Annotated[list[ReplyButton], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _differ(self) -> Self:
        ids, titles = ({getattr(button.reply, name) for button in self.buttons} for name in ("id", "title"))
        if min(len(ids), len(titles)) < len(self.buttons):
            raise PydanticCustomError("same_buttons", "must have buttons with ids and titles that differ")
        return self


class Buttons(Wire):
    """A text with buttons to answer with."""

    type: Literal["button"]
    header: Header | None = None
    body: BodyText
    footer: Words | None = None
    action: ButtonAction


Interactive = Annotated[CtaUrl | List | Buttons, Field(discriminator="type")]
