"""Reading Meta's JSON, of which nothing is taken for granted."""

from collections.abc import Iterator
from typing import Any

from shared.domain.content import JsonObject


def mapping(value: Any) -> JsonObject:
    """Give an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> Iterator[JsonObject]:
    """Give the objects of a list; none for anything else."""
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
