"""What a body must be before its fields are looked at: JSON as RFC 8259 has it, with every name given once."""

import json
from collections import Counter
from typing import Any, Final, NoReturn

INVALID_JSON: Final = "invalid JSON"


class InvalidJson(Exception):
    """A body is not what it must be; the message says why."""


def read(body: bytes) -> Any:
    """Read a body, and refuse what lenient parsers let pass: NaN and Infinity, and an object that gives a name twice.

    Of two values for one name nobody can say which the caller meant, and the wrong one may reach a stranger.

    Raises :class:`InvalidJson`.
    """
    try:
        return _decode(body.decode())
    except (ValueError, RecursionError):
        raise InvalidJson(INVALID_JSON) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise InvalidJson(f"duplicate key: {_first_repeated(pairs)}")
    return names


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    """Give the name, unless it is no text that could be given: a lone surrogate is invalid JSON, and raises ValueError."""
    counts = Counter(name for name, _ in pairs)
    repeated = next(name for name, count in counts.items() if count > 1)
    return repeated.encode().decode()


_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_refuse_duplicates).decode
