"""What is wrong with a body of JSON, in words that name the field."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails

from api.syntax import INVALID_JSON

_WRONG_TYPES: Final[Mapping[str, str]] = {
    "bool_type": "must be a boolean",
    "dict_type": "must be an object",
    "float_type": "must be a number",
    "int_type": "must be an integer",
    "model_type": "must be an object",
    "string_type": "must be a string",
    "tuple_type": "must be an array",
    "variable_type": "must be a string or a number",
}

_WRONG_VALUES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "enum": lambda limits: f"must be {limits['expected']}",
    "extra_forbidden": lambda _: "is not known",
    "finite_number": lambda _: "must be a finite number",
    "greater_than": lambda limits: f"must be more than {limits['gt']:g}",
    "greater_than_equal": lambda limits: f"must be at least {limits['ge']:g}",
    "less_than_equal": lambda limits: f"must be at most {limits['le']:g}",
    "literal_error": lambda limits: f"must be {limits['expected']}",
    "missing": lambda _: "is required",
    "nul_character": lambda _: "must not contain the NUL character",
    "time_of_day": lambda _: "must be a time of day, as 21:00",
    "too_short": lambda _: "must not be empty",
}

_OF_KEYS: Final = frozenset({"enum", "literal_error", "nul_character"})
"""Errors that an object's key may have, whose name stands before the marker."""


def explain(error: ValidationError, *prefix: str) -> str:
    """Say what is wrong first, wrong JSON types before wrong values, as ``target.email must be a string``.

    Args:
        error: What validation found.
        prefix: Where the validated value stands in the body.
    """
    details = error.errors(include_url=False)
    first = next(filter(_is_wrong_type, details), details[0])
    if first["type"] == "json_invalid":
        return INVALID_JSON
    return f"{_path(first, prefix)} {_complaint(first)}"


def first_wrong_type(error: ValidationError) -> ValidationError | None:
    """Single out a value of a wrong JSON type, which is an error wherever it stands; a hostile body can hold 100 000 of them."""
    first = next(filter(_is_wrong_type, error.errors(include_url=False)), None)
    if first is None:
        return None
    line = InitErrorDetails(type=first["type"], loc=first["loc"], input=first["input"], ctx=first.get("ctx", {}))
    return ValidationError.from_exception_data(error.title, [line], input_type="json")


def _is_wrong_type(detail: ErrorDetails) -> bool:
    return detail["type"] in _WRONG_TYPES or _is_enum_of_wrong_type(detail)


def _is_enum_of_wrong_type(detail: ErrorDetails) -> bool:
    return detail["type"] == "enum" and not isinstance(detail["input"], str)


def _path(detail: ErrorDetails, prefix: tuple[str, ...]) -> str:
    """Write ``keys.whatsapp.token``; an error of an object's key itself ends in a marker that is no part of the path."""
    location = detail["loc"]
    if detail["type"] in _OF_KEYS and location[-1] == "[key]":
        location = location[:-1]
    return ".".join(map(str, (*prefix, *location))) or "body"


def _complaint(detail: ErrorDetails) -> str:
    if _is_absent(detail):
        return "is required"
    if _is_enum_of_wrong_type(detail):
        return _WRONG_TYPES["string_type"]
    wrong_type = _WRONG_TYPES.get(detail["type"])
    return wrong_type or _WRONG_VALUES.get(detail["type"], _not_valid)(detail.get("ctx", {}))


def _is_absent(detail: ErrorDetails) -> bool:
    """Tell a field without a value; a null or an empty string in an array is a value, and wrong."""
    is_field = bool(detail["loc"]) and isinstance(detail["loc"][-1], str)
    return is_field and detail["input"] in (None, "") and detail["type"] in {"string_type", "too_short"}


def _not_valid(_: Mapping[str, Any]) -> str:
    return "is not valid"
