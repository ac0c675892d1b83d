"""Reading a JSON body into its model, with refusals in the native envelope."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api import syntax
from api.dialects.kirim import errors

_Model = TypeVar("_Model", bound=BaseModel)


def parse(model: type[_Model], body: bytes) -> _Model:
    """Read a body. Raises :class:`api.errors.InvalidRequest`, naming the field that is wrong."""
    document = _read(body)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise errors.refusal(error, document, skipped=0) from None


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        document = syntax.read(body)
    except syntax.InvalidJson as error:
        raise errors.invalid_body(str(error)) from None
    if not isinstance(document, dict):
        raise errors.invalid_body("the body must be a JSON object")
    return document
