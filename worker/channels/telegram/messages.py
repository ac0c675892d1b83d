"""From a message to a call of the Bot API, without any I/O.

Texts go out as they are: no ``parse_mode`` is set, so nothing in them has a meaning that would need escaping.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.domain.content import Location, Message, MessageType, Rendered
from shared.domain.outcome import Code
from worker.channels.telegram import keyboard
from worker.channels.telegram.limits import CAPTION_UNITS, TEXT_UNITS, UnsendableError, within


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A method of :class:`telegram.Bot` and all its arguments but the chat and the timeouts."""

    method: str
    arguments: dict[str, Any]


def _paragraphs(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part and part.strip())


def _invalid(reason: str) -> UnsendableError:
    return UnsendableError(Code.CONTENT_INVALID, reason)


def _text(message: Message) -> Call:
    rich_context = message.rich_context
    text = _paragraphs(message.text, keyboard.list_text(rich_context.list_message), rich_context.footer)
    if not text:
        raise _invalid("text is empty")
    return Call(method="send_message", arguments={"text": within("text", text, TEXT_UNITS)})


def _interactive(message: Message) -> Call:
    if keyboard.build(message.rich_context) is None:
        raise _invalid("an interactive message needs buttons or listMessage")
    return _text(message)


def _media(method: str, argument: str) -> Callable[[Message], Call]:
    def build(message: Message) -> Call:
        caption = _paragraphs(message.text, message.rich_context.footer)
        arguments = {argument: _file_url(message), "caption": within("caption", caption, CAPTION_UNITS) or None}
        return Call(method=method, arguments=arguments)

    return build


def _file_url(message: Message) -> str:
    """Give the link Telegram fetches the file from. Its client would read anything else as a file of this machine."""
    url = message.rich_context.file_url
    if not url or not url.lower().startswith(("http://", "https://")):
        raise _invalid(f"{message.type} needs a fileUrl that starts with https:// or http://")
    return url


def _location(message: Message) -> Call:
    location = message.rich_context.location
    if location is None:
        raise _invalid("a location message needs richContext.location")
    point = {"latitude": location.lat, "longitude": location.lng}
    return _venue(location, point) or Call(method="send_location", arguments=point)


def _venue(location: Location, point: dict[str, float]) -> Call | None:
    """Name the place, which Telegram allows only together with its address."""
    if not (location.name and location.address):
        return None
    return Call(method="send_venue", arguments={**point, "title": location.name, "address": location.address})


_BUILDERS: dict[MessageType, Callable[[Message], Call]] = {
    MessageType.TEXT: _text,
    MessageType.IMAGE: _media("send_photo", "photo"),
    MessageType.VIDEO: _media("send_video", "video"),
    MessageType.DOCUMENT: _media("send_document", "document"),
    MessageType.AUDIO: _media("send_audio", "audio"),
    MessageType.LOCATION: _location,
    MessageType.INTERACTIVE: _interactive,
}


def build(content: Rendered) -> Call:
    """Give the call that sends the content. Raises :class:`UnsendableError` when Telegram would refuse it anyway."""
    if not isinstance(content, Message):
        raise UnsendableError(Code.CONTENT_UNSUPPORTED, "Telegram takes messages only")
    call = _BUILDERS[content.type](content)
    markup = keyboard.build(content.rich_context)
    return Call(method=call.method, arguments={**call.arguments, "reply_markup": markup}) if markup else call
