"""What fills the placeholders of templates and messages."""

import math
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from shared.domain.content import Text


def _text(value: Any) -> Any:
    """Write a number the way a person would: digits, never an exponent."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("variable_type", "must be a string or a number")
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        raise PydanticKnownError("finite_number")
    return format(Decimal(repr(value)), "f")


Variable = Annotated[Text, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number"]})]
"""A value, as text: numbers are written out."""
