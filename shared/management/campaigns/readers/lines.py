"""Lines of a text from its bytes, in bounded memory."""

import codecs
import io
from collections.abc import Iterator
from itertools import chain
from typing import Final

from shared.management.campaigns.readers.base import Chunks, Unreadable

LONGEST: Final = 1024 * 1024
"""Characters of a line at the most."""
_STEP: Final = 256 * 1024
"""Bytes that are decoded at once."""
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""What a text may begin with to say how it is encoded; one that says nothing is UTF-8."""


def lines(chunks: Chunks) -> Iterator[str]:
    r"""Give the lines of a text, each with ``\n`` at its end, whatever ended it in the file.

    Raises :class:`Unreadable`, naming the line, for one that is too long or not encoded as the text says. A text that is neither
    UTF-8 nor marked as UTF-16 could be anything, so it is not guessed at: wrong letters would go to people.
    """
    number, rest = 1, ""
    for text in _decoded(chunks):
        *whole, rest = (rest + text).split("\n")
        number += len(whole)
        if len(rest) > LONGEST:
            raise Unreadable(f"line {number} is longer than {LONGEST} characters")
        for line in whole:
            yield f"{line}\n"
    if rest:
        yield f"{rest}\n"


def _decoded(chunks: Chunks) -> Iterator[str]:
    encoding, steps = _opened(chunks)
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    number = 1
    try:
        for step in steps:
            text = decoder.decode(step)
            number += text.count("\n")
            yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        number += _before(error).count("\n")
        name = encoding.removesuffix("-sig").upper()
        raise Unreadable(f"line {number} is not {name}: save the file as UTF-8") from error


def _before(error: UnicodeDecodeError) -> str:
    """Give what could be decoded before it could not go on."""
    return error.object[: error.start].decode(error.encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")


def _opened(chunks: Chunks) -> tuple[str, Iterator[bytes]]:
    """Give a text's encoding and its bytes in steps."""
    steps, head = _steps(chunks), b""
    while len(head) < len(codecs.BOM_UTF8) and (step := next(steps, None)) is not None:
        head += step
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "utf-8"), chain((head,), steps)


def _steps(chunks: Chunks) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _STEP):
            yield chunk[start : start + _STEP]
