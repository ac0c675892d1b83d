"""The files of an email, read from where files are kept."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared import storage
from shared.domain.outcome import Action, Code, NotSent
from worker.channels.base import Attachment

_GONE: Final = NotSent(code=Code.FILE_NOT_FOUND, reason="file not found", action=Action.PERMANENT)
_AWAY: Final = NotSent(code=Code.MEDIA_UNREACHABLE, reason="the attachments could not be read", action=Action.RETRY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A file in hand."""

    name: str
    media_type: str
    octets: bytes


async def read(attachments: Iterable[Attachment]) -> tuple[Attached, ...] | NotSent:
    """Read files, which together have at most :data:`shared.domain.files.EMAIL_BYTES`."""
    try:
        return await asyncio.to_thread(_read, tuple(attachments))
    except storage.Missing:
        return _GONE
    except storage.StorageError:
        return _AWAY


def _read(attachments: tuple[Attachment, ...]) -> tuple[Attached, ...]:
    return tuple(
        Attached(name=each.name, media_type=each.media_type, octets=b"".join(storage.read(each.location))) for each in attachments
    )
