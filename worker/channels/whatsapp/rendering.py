"""Messages as a device can send them: a text, a file or a place. What has buttons elsewhere is lines of text here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from shared.domain.content import Location, Message, MessageType, RichContext
from worker.channels import files

Kind = Literal[MessageType.IMAGE, MessageType.VIDEO, MessageType.DOCUMENT, MessageType.AUDIO]

_DEFAULT_MIMETYPES: Final[dict[Kind, str]] = {
    MessageType.IMAGE: "image/jpeg",
    MessageType.VIDEO: "video/mp4",
    MessageType.DOCUMENT: "application/octet-stream",
    MessageType.AUDIO: "audio/ogg; codecs=opus",
}

_HEADERS: Final[dict[str, Kind]] = {"image": MessageType.IMAGE, "video": MessageType.VIDEO}


class UnsendableError(Exception):
    """The message lacks what its type needs, or has what no gateway can use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Nothing but text; never empty."""

    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file the gateway fetches from its URL."""

    kind: Kind
    url: str
    mimetype: str
    name: str | None
    caption: str
    """Empty when there is none; audio never has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A point on the map, in degrees."""

    latitude: float
    longitude: float
    title: str


Rendering = Text | File | Place


def render(message: Message) -> Rendering:
    """Make a message what a device can send. Raises :class:`UnsendableError` naming the field."""
    match message.type:
        case MessageType.INTERACTIVE if message.rich_context.file_url:
            return _file(message, _kind_of(message.rich_context.file_url, message.rich_context.file_name))
        case MessageType.TEXT | MessageType.INTERACTIVE:
            return _text(message)
        case MessageType.LOCATION:
            return _place(message.rich_context.location)
        case MessageType.IMAGE | MessageType.VIDEO | MessageType.DOCUMENT | MessageType.AUDIO as kind:
            return _file(message, kind)


def _text(message: Message) -> Text:
    body = _written(message)
    if not body:
        raise UnsendableError("message must not be empty")
    return Text(body=body)


def _place(location: Location | None) -> Place:
    """Make a place; one without a name is called by its coordinates."""
    if location is None:
        raise UnsendableError("richContext.location is missing")
    title = location.name or location.address or f"{location.lat}, {location.lng}"
    return Place(latitude=location.lat, longitude=location.lng, title=title)


def _file(message: Message, kind: Kind) -> File:
    context = message.rich_context
    if not context.file_url:
        raise UnsendableError("richContext.fileUrl is missing")
    if not files.is_fetchable(context.file_url):
        raise UnsendableError("richContext.fileUrl must be an http or https URL")
    return File(
        kind=kind,
        url=context.file_url,
        mimetype=_mimetype(files.mimetype(context.file_name, context.file_url), kind),
        name=context.file_name or files.name(context.file_url),
        caption="" if kind is MessageType.AUDIO else _written(message),
    )


def _kind_of(url: str, name: str | None) -> Kind:
    """Tell the kind of the file that an interactive message shows above its options."""
    guess = files.mimetype(name, url) if files.is_fetchable(url) else None
    return _HEADERS.get((guess or "").partition("/")[0], MessageType.DOCUMENT)


def _mimetype(guess: str | None, kind: Kind) -> str:
    """Keep a guess that fits the kind of message; any other gives way to the usual type of the kind."""
    default = _DEFAULT_MIMETYPES[kind]
    if guess and (kind is MessageType.DOCUMENT or guess.partition("/")[0] == default.partition("/")[0]):
        return guess
    return default


def _written(message: Message) -> str:
    """Write the text, then the footer, then the options: choices as ``1. Title``, links as ``Title: url``."""
    blocks = (message.text, message.rich_context.footer or "", "\n".join(_options(message.rich_context)))
    return "\n\n".join(block for block in blocks if block.strip())


def _options(context: RichContext) -> Iterator[str]:
    yield from (f"{number}. {choice}" for number, choice in enumerate(_choices(context), start=1))
    yield from (f"{button.text}: {button.url}" for row in context.buttons or () for button in row if button.url)


def _choices(context: RichContext) -> Iterator[str]:
    yield from (button.text for row in context.buttons or () for button in row if not button.url)
    if context.list_message:
        for row in (row for section in context.list_message.sections for row in section.rows):
            yield f"{row.title} - {row.description}" if row.description else row.title
