"""Rows of the first sheet of an Excel workbook (XLSX).

A workbook is a zip archive, which is read from its end: the file is put on disk first. The sheet is then read row by row, but the
texts that its cells share are held in memory, so that a workbook may not have too many of them.
"""

import tempfile
import zipfile
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any, Final

import openpyxl
from openpyxl.cell.cell import ERROR_CODES

from shared.management.campaigns.readers import base, workbook_parts
from shared.management.campaigns.readers.base import MOST_COLUMNS, Chunks, Row, Unreadable

_MEGABYTE: Final = 1024 * 1024
_LARGEST_FILE: Final = 512 * _MEGABYTE
"""Bytes of a workbook."""
_LARGEST_SHEET: Final = 4096 * _MEGABYTE
"""Bytes of a sheet once it is unpacked, and of all parts together."""
_LARGEST_PART: Final = 64 * _MEGABYTE
"""Bytes of any other part, likewise: it is held in memory."""
_MOST_PACKED: Final = 200
"""How many times smaller than its content a large part may be; those of real tables are 5 to 30 times smaller."""
_MOST_PARTS: Final = 10_000
_MOST_ROWS: Final = 1_048_576
"""Rows that a sheet can have. One that numbers them higher would be nothing but gaps."""


def rows(chunks: Chunks, needed: Collection[str]) -> Iterator[Row]:
    """Read a workbook: see :data:`base.Reader`. What stands to the right of the header belongs to no column and is left out."""
    with tempfile.TemporaryFile() as file:
        _spool(chunks, file)
        try:
            _check(file)
            yield from _rows(file, needed)
        except Unreadable:
            raise
        except Exception as error:
            raise Unreadable(f"the file cannot be read as an XLSX workbook: {type(error).__name__}") from error


def _spool(chunks: Chunks, file: IO[bytes]) -> None:
    for chunk in chunks:
        file.write(chunk)
        if file.tell() > _LARGEST_FILE:
            raise Unreadable(f"the workbook is larger than {_LARGEST_FILE // _MEGABYTE} MB: save it as CSV")
    if not file.tell():
        raise Unreadable("the file is empty")


def _check(file: IO[bytes]) -> None:
    """Refuse an archive that would unpack to more than it may, or be more in memory; no part ever gives more than it says here."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        _check_sizes(parts)
        for part in parts:
            with archive.open(part) as content:
                workbook_parts.check(part.filename, content)


def _check_sizes(parts: Sequence[zipfile.ZipInfo]) -> None:
    if len(parts) > _MOST_PARTS:
        raise Unreadable("the workbook has too many parts")
    if sum(part.file_size for part in parts) > _LARGEST_SHEET:
        raise Unreadable(f"the workbook unpacks to more than {_LARGEST_SHEET // _MEGABYTE} MB: save it as CSV")
    for part in parts:
        most = _LARGEST_SHEET if part.filename.startswith("xl/worksheets/") else _LARGEST_PART
        if part.file_size > most:
            raise Unreadable(f"{part.filename} of the workbook is larger than {most // _MEGABYTE} MB: save it as CSV")
        if part.file_size > max(_MEGABYTE, part.compress_size * _MOST_PACKED):
            raise Unreadable(f"{part.filename} of the workbook is packed more tightly than a table can be")


def _rows(file: IO[bytes], needed: Collection[str]) -> Iterator[Row]:
    workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        if not workbook.worksheets:
            raise Unreadable("the workbook has no sheet")
        yield from _rows_of(workbook.worksheets[0], needed)
    finally:
        workbook.close()


def _rows_of(sheet: Any, needed: Collection[str]) -> Iterator[Row]:
    """Read a sheet, first as far as its header, then with its width: rows are as wide as they say, and made so in memory."""
    sheet.reset_dimensions()
    found = ((number, cells) for number, cells in _values(sheet, MOST_COLUMNS + 1) if any(map(_text, cells)))
    above, head = next(found, (0, ()))
    names = [_text(cell).strip() for cell in head]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise Unreadable("the file is empty")
    columns = base.header(names, needed)
    for number, cells in _values(sheet, len(columns)):
        row = _row(columns, cells)
        if number > above and any(row.cells.values()):
            yield row


def _values(sheet: Any, width: int) -> Iterator[tuple[int, Sequence[Any]]]:
    for number, cells in enumerate(sheet.iter_rows(max_col=width, values_only=True), start=1):
        if number > _MOST_ROWS:
            raise Unreadable(f"the sheet has more than {_MOST_ROWS} rows")
        yield number, cells


def _row(columns: Sequence[str], cells: Sequence[Any]) -> Row:
    texts = dict(zip(columns, map(_text, cells), strict=True))
    wrong = next((name for name, text in texts.items() if text in ERROR_CODES), None)
    return Row(texts, None if wrong is None else f"the column {wrong!r} has the error {texts[wrong]}")


def _text(value: Any) -> str:
    """Write a value as people would: numbers without an exponent or an empty fraction, times as of ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
        case datetime():
            return (value.date() if value.time() == time() else value).isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)
