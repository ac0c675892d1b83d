"""The rules of a send request, once its JSON types are right: each function passes or raises the rejection it is named for.

Addresses are no part of this: a missing or malformed one fails its channel, not the request.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from api import explanations
from api.dialects.kirisan import errors
from api.dialects.kirisan.models import CHOICES, Body, ChannelContent, InlineMessage
from shared.domain import links, rendering
from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from shared.domain.content import MEDIA_TYPES, Message, MessageType, RichContext

MAX_AHEAD: Final = timedelta(days=366)
"""How far ahead a send may be scheduled, and how long after it is due it may expire."""

_TEMPLATE_IDS: Final = range(-(1 << 63), 1 << 63)
"""What the database can look up; an id beyond it names no template."""

_EVERY: Final = tuple(Channel)
_BY_DEVICE: Final = (
    MessageType.TEXT,
    MessageType.INTERACTIVE,
    MessageType.IMAGE,
    MessageType.VIDEO,
    MessageType.DOCUMENT,
    MessageType.LOCATION,
)
_TYPES: Final[Mapping[Channel, tuple[MessageType, ...]]] = {
    Channel.WHATSAPP: _BY_DEVICE,
    Channel.TELEGRAM: _BY_DEVICE,
    Channel.WABA: _BY_DEVICE[:-1],
}


def require_channels(body: Body) -> None:
    """Refuse a request without a key, or without content, for any channel."""
    if not body.keys:
        raise errors.invalid("No channels configured")
    if not body.content:
        raise errors.invalid("content required")


def restriction(body: Body) -> Collection[str]:
    """Give the channels that ``context.behaviour.channel`` leaves."""
    behaviour = body.context and body.context.behaviour
    choice = "all" if not behaviour or behaviour.channel is None else behaviour.channel
    if choice not in CHOICES:
        raise errors.invalid(f"context.behaviour.channel must be one of {', '.join(CHOICES)}")
    return _EVERY if choice == "all" else (choice,)


def until(body: Body) -> Until | None:
    """Give how far a message must get, by ``context.behaviour``; ``None`` is to its provider."""
    behaviour = body.context.behaviour if body.context else None
    if behaviour is None:
        return None
    if behaviour.until is None and behaviour.within is not None:
        raise errors.invalid("context.behaviour.until is required")
    if behaviour.until not in {None, *Level}:
        raise errors.invalid(f"context.behaviour.until must be one of {', '.join(Level)}")
    level = Level(behaviour.until or Level.SENT)
    if level is Level.SENT:
        return None
    if behaviour.within is None:
        raise errors.invalid("context.behaviour.within is required")
    return Until(level=level, within=behaviour.within)


def active_channels(body: Body, allowed: Collection[str]) -> tuple[Channel, ...]:
    """Give the channels to send on, in the order of the keys: those with a key and content, and not ruled out."""
    active = tuple(channel for channel in body.keys or () if channel in (body.content or ()) and channel in allowed)
    if not active:
        raise errors.invalid("no sendable channels: content requires a matching key")
    return active


def schedule(value: Any, now: datetime) -> datetime | None:
    """Read ``context.timing.schedule``, in unix seconds; ``None`` is now."""
    return _time("schedule", value, now, "the time is in the past.", "the time is more than 366 days ahead.")


def expiry(value: Any, due: datetime) -> datetime | None:
    """Read ``context.timing.expires_at``, in unix seconds: a time after the send is ``due``."""
    too_late = "the time is more than 366 days after the send is due."
    return _time("expires_at", value, due, "the time is not after the send is due.", too_late)


def _time(name: str, value: Any, after: datetime, too_early: str, too_late: str) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise errors.invalid(f"Invalid {name}: the time must be an integer of unix seconds.")
    # Compared as numbers: an integer of any length can be, and need not be a time.
    if value <= after.timestamp():
        raise errors.invalid(f"Invalid {name}: {too_early}")
    if value > (after + MAX_AHEAD).timestamp():
        raise errors.invalid(f"Invalid {name}: {too_late}")
    return datetime.fromtimestamp(value, UTC)


def content(channel: Channel, item: ChannelContent, variables: Mapping[str, str]) -> None:
    """Refuse content that cannot be sent on its channel, whoever the recipient is."""
    if (item.template is None) == (item.message is None):
        raise errors.invalid(f"{channel} content needs either template or message")
    if item.message is not None:
        complete(channel, _inline(channel, item.message), variables)
    elif item.template not in _TEMPLATE_IDS:
        raise errors.invalid(f"content.{channel}.template must be a 64-bit integer")


def _inline(channel: Channel, inline: InlineMessage) -> Message:
    """Give the message of a type the channel takes."""
    if channel is Channel.EMAIL:
        raise errors.invalid("email inline messages are not supported on /v1/send")
    types = _TYPES[channel]
    if inline.type not in types:
        raise errors.invalid(f"{channel} message type must be {', '.join(types[:-1])}, or {types[-1]}")
    if isinstance(inline.content, ValidationError):
        raise errors.invalid(explanations.explain(inline.content, "content", channel, "message"))
    return inline.content


def complete(channel: Channel, message: Message, variables: Mapping[str, str]) -> None:
    """Refuse a message without what its type is about."""
    missing = _missing(message)
    if missing:
        raise errors.invalid(f"{channel} {message.type} message needs {missing}")
    url = _file_url(message, variables)
    if url and not links.is_web_url(url):
        raise errors.invalid(f"content.{channel}.message.richContext.fileUrl must be an http or https URL")


def _missing(message: Message) -> str | None:
    rich = message.rich_context
    if message.type in MEDIA_TYPES:
        return None if rich.file_url or rich.file_id else "richContext.fileUrl or richContext.fileId"
    if message.type is MessageType.LOCATION:
        return None if rich.location else "richContext.location"
    if message.type is MessageType.INTERACTIVE:
        return None if _has_options(rich) else "richContext.buttons or richContext.listMessage"
    return None if message.text.strip() else "message"


def _has_options(rich: RichContext) -> bool:
    return rich.list_message is not None or any(rich.buttons or ())


def _file_url(message: Message, variables: Mapping[str, str]) -> str | None:
    """Give the URL as it will be sent; one that lacks a variable fails its channel later, and is not judged here."""
    url = message.rich_context.file_url
    if not url:
        return None
    only_url = Message(type=message.type, rich_context=RichContext(file_url=url))
    try:
        filled = rendering.render(only_url, variables)
    except rendering.MissingVariables:
        return None
    return filled.rich_context.file_url if isinstance(filled, Message) else None
