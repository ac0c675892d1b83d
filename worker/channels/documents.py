"""Reading what providers say in JSON, of which nothing is taken for granted."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from shared.domain import times
from shared.domain.content import JsonObject


def document(body: bytes) -> JsonObject:
    """Read a body as an object; empty for anything else in JSON. Raises :class:`ValueError` when it is none."""
    try:
        return mapping(read(body))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read(body: bytes) -> Any:
    """Read JSON. Raises :class:`ValueError`, or :class:`RecursionError` for what nests too deeply.

    What the fast reader refuses may still be read: half of a surrogate pair, UTF-16, a byte order mark.
    """
    try:
        return from_json(body)
    except ValueError:
        return json.loads(body)


def mapping(value: Any) -> JsonObject:
    """Give an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> Iterator[JsonObject]:
    """Give the objects of a list; none for anything else."""
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def nested(value: Any, *names: str) -> Any:
    """Give what lies in objects within objects; ``None`` where one of them is missing."""
    for name in names:
        value = mapping(value).get(name)
    return value


def moment(value: Any, *, a_second: int = 1) -> datetime | None:
    """Read ``a_second`` units of time since the epoch as a number, seconds as digits, or ISO 8601; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return times.parse(value if isinstance(value, str) else f"{value / a_second:.6f}")
    except OverflowError:
        return None
