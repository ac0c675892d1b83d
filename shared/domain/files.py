"""What a file is called, and which files each channel carries."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID

from shared.domain import media_types
from shared.domain.channels import Channel
from shared.domain.content import MessageType
from shared.domain.media_types import KNOWN, UnacceptableFile
from shared.domain.outcome import Code

_MIB: Final = 1024 * 1024
_LONGEST_NAME: Final = 200
_UNSHOWABLE: Final = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What may not stand in a name: it would name a folder, end a header, or show the ending somewhere else."""

EMAIL_BYTES: Final = 10 * _MIB
"""Bytes of the attachments of one email at the most: a third more on the wire, which every large mail provider takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file that an account has uploaded."""

    id: UUID
    account_id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: bytes
    location: str
    """Where its bytes are kept, for :mod:`shared.storage`."""
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """Which files a channel carries in one kind of message."""

    media_types: frozenset[str]
    size_bytes: int


def _kinds(kind: str) -> frozenset[str]:
    return frozenset(each for each in KNOWN if each.startswith(f"{kind}/"))


_IMAGES, _AUDIOS, _VIDEOS = _kinds("image"), _kinds("audio"), _kinds("video")
_DOCUMENTS_OF_META: Final = KNOWN - _IMAGES - _AUDIOS - _VIDEOS - {"text/csv", "application/zip"}
_STILLS: Final = frozenset({"image/jpeg", "image/png"})

_LIMITS: Final[Mapping[tuple[Channel, MessageType], Limit]] = {
    (Channel.WABA, MessageType.IMAGE): Limit(media_types=_STILLS, size_bytes=5 * _MIB),
    (Channel.WABA, MessageType.VIDEO): Limit(media_types=_VIDEOS, size_bytes=16 * _MIB),
    (Channel.WABA, MessageType.AUDIO): Limit(media_types=_AUDIOS, size_bytes=16 * _MIB),
    (Channel.WABA, MessageType.DOCUMENT): Limit(media_types=_DOCUMENTS_OF_META, size_bytes=100 * _MIB),
    (Channel.TELEGRAM, MessageType.IMAGE): Limit(media_types=_STILLS | {"image/webp"}, size_bytes=5 * _MIB),
    (Channel.TELEGRAM, MessageType.VIDEO): Limit(media_types=frozenset({"video/mp4"}), size_bytes=20 * _MIB),
    (Channel.TELEGRAM, MessageType.AUDIO): Limit(media_types=frozenset({"audio/mpeg", "audio/mp4"}), size_bytes=20 * _MIB),
    (Channel.TELEGRAM, MessageType.DOCUMENT): Limit(
        media_types=frozenset({"application/pdf", "application/zip", "image/gif"}), size_bytes=20 * _MIB
    ),
    (Channel.WHATSAPP, MessageType.IMAGE): Limit(media_types=_IMAGES, size_bytes=16 * _MIB),
    (Channel.WHATSAPP, MessageType.VIDEO): Limit(media_types=_VIDEOS, size_bytes=16 * _MIB),
    (Channel.WHATSAPP, MessageType.AUDIO): Limit(media_types=_AUDIOS, size_bytes=16 * _MIB),
    (Channel.WHATSAPP, MessageType.DOCUMENT): Limit(media_types=KNOWN, size_bytes=100 * _MIB),
}
"""Meta's and Telegram's are published (Cloud API, media; Bot API, sending files by URL: of documents only PDF, ZIP and GIF);
WhatsApp's own hold for every gateway that drives a device."""


def clean_name(text: str) -> str:
    """Give a file's name without the folders it came from. Raises :class:`UnacceptableFile` for none, or a name nobody can read."""
    name = text.replace("\\", "/").rpartition("/")[2].strip()
    if name in {"", ".", ".."}:
        raise UnacceptableFile("the file has no name")
    if len(name) > _LONGEST_NAME:
        raise UnacceptableFile(f"the name has more than {_LONGEST_NAME} characters")
    if not name.isprintable():
        raise UnacceptableFile("the name has characters that cannot be printed")
    return name


def shown_name(given: str | None, file: File) -> str:
    """Give what a recipient sees: the given name, which gets the file's ending where it has none, or the file's own."""
    name = _UNSHOWABLE.sub("_", given or "")
    if not name:
        return file.name
    return name if PurePosixPath(name).suffix else f"{name}{media_types.extension(file.media_type)}"


def refusal(channel: Channel, message_type: MessageType, file: File) -> tuple[Code, str] | None:
    """Say why a channel cannot carry a file in a message of this type; ``None`` when it can, or when no file goes with it."""
    limit = _LIMITS.get((channel, _carrying(message_type, file.media_type)))
    if limit is None:
        return None
    if file.media_type not in limit.media_types:
        return Code.CONTENT_UNSUPPORTED, f"{channel} does not take {file.media_type} as {message_type}"
    return _too_large(f"{channel} {message_type}", file.size_bytes, limit.size_bytes)


def refusal_of_attachments(files: Iterable[File]) -> tuple[Code, str] | None:
    """Say why files cannot be attached to one email; ``None`` when they can."""
    return _too_large("email attachments", sum(file.size_bytes for file in files), EMAIL_BYTES)


def _too_large(what: str, size: int, limit: int) -> tuple[Code, str] | None:
    if size <= limit:
        return None
    return Code.CONTENT_TOO_LARGE, f"{what}: {size} bytes; at most {limit} can be sent"


def _carrying(message_type: MessageType, media_type: str) -> MessageType:
    """Give the type whose limits hold: above options a picture or a film is one, and anything else a document."""
    if message_type is not MessageType.INTERACTIVE:
        return message_type
    major = media_type.partition("/")[0]
    return MessageType(major) if major in {MessageType.IMAGE, MessageType.VIDEO} else MessageType.DOCUMENT
