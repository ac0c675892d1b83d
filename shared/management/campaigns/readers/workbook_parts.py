"""The parts of a workbook, looked through before anything is made of them.

A part of a few hundred bytes can unpack to gigabytes, and these to many times as much in memory: a row of ten million cells, a cell
of a gigabyte, an entity that is a text a thousand times over.
"""

from typing import IO, Final
from xml.parsers import expat

from shared.management.campaigns.readers.base import Unreadable

_STEP: Final = 256 * 1024
"""Bytes that are looked at at once."""
_LONGEST: Final = 1024 * 1024
"""Bytes in which an element must begin: no text is longer, nor any tag. A cell of Excel has 32767 characters."""
_MOST_ELEMENTS: Final = 250_000
"""Elements that are held at once: those of a row, which has 16384 cells at the most, or of a table of styles."""
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_READ_ONE_BY_ONE: Final = frozenset({f"{_MAIN} row", f"{_MAIN} si"})
"""Rows, and texts that cells share: what was before one is not held any more."""


def check(name: str, part: IO[bytes]) -> None:
    """Look through a part, if it is XML. Raises :class:`Unreadable` for what no spreadsheet writes and no memory holds."""
    watch = _Watch(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = watch.begin
    parser.StartDoctypeDeclHandler = watch.refuse_doctype
    try:
        while step := part.read(_STEP):
            parser.Parse(step)
            watch.pass_by(len(step))
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]:
            raise _unknown_encoding(name) from error
    except (ValueError, LookupError) as error:
        raise _unknown_encoding(name) from error


class _Watch:
    """What was seen of a part."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._elements = 0
        self._silence = 0

    def begin(self, element: str, _attributes: object) -> None:
        self._silence = 0
        self._elements = 0 if element in _READ_ONE_BY_ONE else self._elements + 1
        if self._elements > _MOST_ELEMENTS:
            raise Unreadable(f"{self._name} of the workbook has more than {_MOST_ELEMENTS} elements at once: save it as CSV")

    def pass_by(self, size: int) -> None:
        self._silence += size
        if self._silence > _LONGEST:
            raise Unreadable(f"{self._name} of the workbook has a text longer than {_LONGEST} bytes")

    def refuse_doctype(self, *_declared: object) -> None:
        raise Unreadable(f"{self._name} of the workbook has a document type, which no spreadsheet writes")


def _unknown_encoding(name: str) -> Unreadable:
    return Unreadable(f"{name} of the workbook is not encoded as UTF-8")
