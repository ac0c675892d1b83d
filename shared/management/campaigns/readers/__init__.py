"""Readers of recipients: from a file's bytes to its rows, one row at a time."""

from collections.abc import Collection, Iterator
from enum import StrEnum
from pathlib import PurePath
from typing import Final

from shared.management.campaigns.readers import csv_rows, json_lines, spreadsheet
from shared.management.campaigns.readers.base import Chunks, Reader, Row, Unreadable

__all__ = ["Chunks", "Format", "Row", "Unreadable", "guess", "rows"]


class Format(StrEnum):
    """What a file of recipients is written in."""

    CSV = "csv"
    """A header, then values between commas, semicolons, tabs or bars; UTF-8, or UTF-16 that says so."""
    JSON_LINES = "jsonl"
    """An object on each line."""
    XLSX = "xlsx"
    """A workbook, whose first sheet counts; its first row is the header."""


_READERS: Final[dict[Format, Reader]] = {
    Format.CSV: csv_rows.rows,
    Format.JSON_LINES: json_lines.rows,
    Format.XLSX: spreadsheet.rows,
}
_ENDINGS: Final = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".xlsx": Format.XLSX,
}


def guess(name: str) -> Format | None:
    """Tell a format by the ending of a file's name; ``None`` when it says nothing."""
    return _ENDINGS.get(PurePath(name).suffix.lower())


def rows(source: Format, chunks: Chunks, needed: Collection[str]) -> Iterator[Row]:
    """Read the rows of a file that must have some columns. Raises :class:`Unreadable`, at the first row or at a later one."""
    return _READERS[source](chunks, needed)
