"""Rows of a file with a JSON object on each line."""

import json
from collections.abc import Collection, Iterator
from typing import Any, Final, NoReturn

from shared.management.campaigns.readers import base
from shared.management.campaigns.readers.base import MOST_COLUMNS, Chunks, Row, Unreadable
from shared.management.campaigns.readers.lines import lines


def rows(chunks: Chunks, needed: Collection[str]) -> Iterator[Row]:
    """Read such a file: see :data:`base.Reader`. Objects need not have all columns; one that none of them has is missing."""
    unseen, is_empty = set(needed), True
    for line in lines(chunks):
        if line.isspace():
            continue
        row = _row(line)
        if unseen:
            unseen.difference_update(row.cells)
        is_empty = False
        yield row
    if is_empty:
        raise Unreadable("the file is empty")
    base.require(set(needed) - unseen, needed)


def _row(line: str) -> Row:
    try:
        found = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        return Row({}, f"the line is not JSON: {error}")
    if not isinstance(found, dict):
        return Row({}, "the line is not a JSON object")
    if len(found) > MOST_COLUMNS:
        return Row({}, f"the object has more than {MOST_COLUMNS} fields")
    nested = next((name for name, value in found.items() if isinstance(value, dict | list)), None)
    cells = {name: _text(value) for name, value in found.items()}
    return Row(cells, None if nested is None else f"{nested!r} is no text or number")


def _text(value: Any) -> str:
    """Write a value as text; a number is one already, as it stood in the file."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
