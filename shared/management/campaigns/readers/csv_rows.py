"""Rows of a CSV file (RFC 4180), with the delimiters that spreadsheets write."""

import csv
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Final

from shared.management.campaigns.readers import base
from shared.management.campaigns.readers.base import MOST_COLUMNS, Chunks, Row, Unreadable
from shared.management.campaigns.readers.lines import lines

_DELIMITERS: Final = ",;\t|"
_ENDLESS: Final = ("unexpected end of data", "field larger than")
"""How the parser says that a quote was opened which swallows all that follows."""


def rows(chunks: Chunks, needed: Collection[str]) -> Iterator[Row]:
    """Read a CSV file: see :data:`base.Reader`. A row with more or fewer cells than the header has a problem."""
    source = lines(chunks)
    above, first = next(((number, line) for number, line in enumerate(source) if line.strip()), (0, None))
    if first is None:
        raise Unreadable("the file is empty")
    records = _records(chain((first,), source), _delimiter(first, needed), above)
    head = next(records)
    if isinstance(head, Row):
        raise Unreadable(f"the header: {head.problem}")
    columns = base.header(head, needed)
    for record in records:
        if isinstance(record, Row):
            yield record
        elif any(record):
            yield _row(columns, record)


def _delimiter(line: str, needed: Collection[str]) -> str:
    """Tell what stands between the names of a header: what makes the most of them the columns that are looked for."""

    def found(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
        return len({*cells}.intersection(needed)), len(cells)

    return max(_DELIMITERS, key=found)


def _records(source: Iterator[str], delimiter: str, above: int) -> Iterator[list[str] | Row]:
    """Parse a text that stands below so many other lines; a row that cannot be parsed has a problem."""
    parser = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        try:
            yield from parser
        except csv.Error as error:
            yield _malformed(above + parser.line_num, str(error))
        else:
            return


def _malformed(line: int, error: str) -> Row:
    if error.startswith(_ENDLESS):
        raise Unreadable(f"line {line}: {error}: a quote may have been opened and not closed")
    return Row({}, f"line {line}: {error}")


def _row(columns: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) == len(columns):
        return Row(dict(zip(columns, cells, strict=True)))
    names = (*columns, *(f"column {number}" for number in range(len(columns) + 1, min(len(cells), MOST_COLUMNS) + 1)))
    return Row(dict(zip(names, cells, strict=False)), f"{len(cells)} cells where the header has {len(columns)}")
