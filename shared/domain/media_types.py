"""What a file is, by its first bytes: what it calls itself decides nothing that its content contradicts."""

import codecs
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

HEAD_BYTES: Final = 1024
"""So many of a file's first bytes tell what it is."""

_EXTENSIONS: Final[Mapping[str, str]] = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".3gp": "video/3gpp",
    ".aac": "audio/aac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".amr": "audio/amr",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".zip": "application/zip",
}
KNOWN: Final = frozenset(_EXTENSIONS.values())
"""Every type that a file may have."""
_ALIASES: Final[Mapping[str, str]] = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/opus": "audio/ogg",
    "application/x-zip-compressed": "application/zip",
}

_TEXTS: Final = ("text/plain", "text/csv")
_MOVING: Final = ("video/mp4", "audio/mp4")
_OLD_OFFICE: Final = ("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint")
_ZIPPED: Final = ("application/zip", *(_EXTENSIONS[each] for each in (".docx", ".xlsx", ".pptx")))

_MAGIC: Final[tuple[tuple[re.Pattern[bytes], tuple[str, ...]], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), types)
    for pattern, types in (
        (rb"\xff\xd8\xff", ("image/jpeg",)),
        (rb"\x89PNG\r\n\x1a\n", ("image/png",)),
        (rb"GIF8[79]a", ("image/gif",)),
        (rb"RIFF....WEBP", ("image/webp",)),
        (rb"....ftyp3g", ("video/3gpp",)),
        (rb"....ftypM4[AB]", ("audio/mp4",)),
        (rb"....ftyp(?:iso|mp4|avc|M4V|MSNV|dash|mmp4|f4v)", _MOVING),
        (rb"ID3[\x02-\x04]|\xff[\xfa\xfb\xf2\xf3]", ("audio/mpeg",)),
        (rb"\xff[\xf0\xf1\xf8\xf9]", ("audio/aac",)),
        (rb"#!AMR", ("audio/amr",)),
        (rb"OggS\x00", ("audio/ogg",)),
        (rb"%PDF-", ("application/pdf",)),
        (rb"PK\x03\x04", _ZIPPED),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLD_OFFICE),
    )
)
"""How files of each kind begin, and the types of which one such may be, the usual one first."""

_DISGUISED: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (
        re.compile(rb"MZ[^\x00]{0,64}\x00|\x7fELF|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|#!"),
        "a program",
    ),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!|\?|[a-z])", re.IGNORECASE), "HTML or another markup"),
)
"""How what is never taken begins; looked at after the rest, since ``#!AMR`` is no program."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


class UnacceptableFile(Exception):
    """A file is not what may be stored; the message says why, to whoever uploads it."""


def judge(head: bytes, name: str, declared: str | None = None) -> str:
    """Give the type of a file. Its name's ending says what it should be, or the ``declared`` type where that says nothing.

    Args:
        head: Its first :data:`HEAD_BYTES` bytes, or all where it has fewer.
        name: What it is called.
        declared: The ``Content-Type`` it came with.

    Raises:
        UnacceptableFile: it is of no type that is taken, or not of the type it should be.
    """
    if not head:
        raise UnacceptableFile("the file is empty")
    possible = _possible(head)
    expected = _EXTENSIONS.get(PurePosixPath(name).suffix.lower()) or _specific(declared)
    if expected is None:
        return possible[0]
    if expected not in possible:
        raise UnacceptableFile(f"the file is called {expected}, but its content is {possible[0]}")
    return expected


def extension(media_type: str) -> str:
    """Give the usual ending of a name; empty for a type that is not taken."""
    return next((ending for ending, each in _EXTENSIONS.items() if each == media_type), "")


def _possible(head: bytes) -> tuple[str, ...]:
    for pattern, types in _MAGIC:
        if pattern.match(head):
            return types
    for pattern, what in _DISGUISED:
        if pattern.match(head):
            raise UnacceptableFile(f"the content is {what}, which is not taken")
    if not _is_text(head):
        raise UnacceptableFile("the content is of no type that is taken")
    return _TEXTS


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; the last character may be cut."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head[:HEAD_BYTES], final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    return not _CONTROLS.search(text)


def _specific(declared: str | None) -> str | None:
    """Read a declared type; one that says nothing in particular, or that of a type not known here, is as if there were none."""
    essence = (declared or "").partition(";")[0].strip().lower()
    known = _ALIASES.get(essence, essence)
    return known if known in KNOWN else None
