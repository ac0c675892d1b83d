"""What the native rooms have in common: reading bodies, and answering for what the management functions cannot do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection

from api import lists, syntax
from api.dialects.kirim import errors
from api.errors import Conflict, InvalidRequest, ResourceNotFound, invalid_value
from shared import ids
from shared.db import engine
from shared.domain.channels import Channel
from shared.management.errors import AlreadyExists, Invalid, NotFound, TooLate

_Model = TypeVar("_Model", bound=BaseModel)
_SHORTEST_SEARCH: Final = 3
_LONGEST_SEARCH: Final = 320


class Asked(BaseModel):
    """The base of what is asked of the rooms of management: a field that is not known is refused, since it would change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def parse(model: type[_Model], body: bytes, codes: Mapping[str, str] | None = None) -> _Model:
    """Read a body. Raises :class:`InvalidRequest`, naming the field that is wrong.

    Args:
        model: What the body is to be.
        body: As it came.
        codes: The codes of errors that have one of their own, by pydantic's type of error.
    """
    document = _read(body)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error, document, codes or {}) from None


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        document = syntax.read(body)
    except syntax.InvalidJson as error:
        raise errors.invalid_body(str(error)) from None
    if not isinstance(document, dict):
        raise errors.invalid_body("the body must be a JSON object")
    return document


def _refusal(error: ValidationError, document: Mapping[str, Any], codes: Mapping[str, str]) -> InvalidRequest:
    refusal = errors.refusal(error, document, skipped=0)
    code = codes.get(error.errors(include_url=False, include_input=False)[0]["type"])
    return refusal if code is None else InvalidRequest(code, refusal.message, param=refusal.param)


@contextmanager
def reading() -> Iterator[Connection]:
    """Give a connection. Raises :class:`ResourceNotFound` for what is not there."""
    try:
        with engine.get().connect() as connection:
            yield connection
    except NotFound as error:
        raise ResourceNotFound(str(error)) from None


@contextmanager
def changing(too_late: str = "conflict", exists: str | None = None) -> Iterator[Connection]:
    """Give a transaction, and answer for what cannot be done, as :func:`answering`."""
    with answering(too_late, exists), engine.get().begin() as connection:
        yield connection


@contextmanager
def answering(too_late: str = "conflict", exists: str | None = None) -> Iterator[None]:
    """Answer for what cannot be done.

    ``too_late`` is the code of what does not go with how things stand, and of what is there already unless ``exists`` is given.

    Raises :class:`InvalidRequest`, :class:`ResourceNotFound` and :class:`Conflict`.
    """
    try:
        yield
    except NotFound as error:
        raise ResourceNotFound(str(error)) from None
    except Invalid as error:
        raise invalid_value(error.field, error.problem) from None
    except TooLate as error:
        raise Conflict(too_late, str(error)) from None
    except AlreadyExists as error:
        raise Conflict(exists or too_late, str(error)) from None


def identified(prefix: str, identifier: str, unknown: str) -> UUID:
    """Read the id in a path. Raises :class:`ResourceNotFound`, with what is said of one that nobody has."""
    decoded = ids.decode(prefix, identifier)
    if decoded is None:
        raise ResourceNotFound(unknown)
    return decoded


def numbered(identifier: str, unknown: str) -> int:
    """Read the id in a path that is a number. Raises as :func:`identified`."""
    is_number = identifier.isascii() and identifier.isdigit() and len(identifier) <= len(str(lists.LAST_NUMBER))
    number = int(identifier) if is_number else 0
    if not 0 < number <= lists.LAST_NUMBER:
        raise ResourceNotFound(unknown)
    return number


def channel(name: str) -> Channel:
    """Read the channel in a path. Raises :class:`ResourceNotFound`."""
    if name not in set(Channel):
        raise ResourceNotFound("there is no such channel")
    return Channel(name)


def reference(prefix: str, identifier: str | None, field: str, problem: str) -> UUID | None:
    """Read the id that a field may name. Raises :class:`InvalidRequest`, with what is said of one that is none."""
    found = None if identifier is None else ids.decode(prefix, identifier)
    if identifier is not None and found is None:
        raise invalid_value(field, problem)
    return found


def searched(arguments: Mapping[str, str]) -> str | None:
    """Read a text that is searched for. Raises :class:`InvalidRequest`."""
    text = arguments.get("search")
    if text is not None and ("\0" in text or not _SHORTEST_SEARCH <= len(text.strip()) <= _LONGEST_SEARCH):
        raise invalid_value("search", f"must have {_SHORTEST_SEARCH} to {_LONGEST_SEARCH} characters")
    return None if text is None else text.strip()


def switch(arguments: Mapping[str, str], name: str) -> bool | None:
    """Read a parameter that is ``true`` or ``false``. Raises :class:`InvalidRequest`."""
    text = lists.one_of(arguments, name, ("true", "false"))
    return None if text is None else text == "true"


def moment(value: str | int | None, field: str) -> datetime | None:
    """Read a time in a body. Raises :class:`InvalidRequest`."""
    return None if value is None else lists.moment({field: str(value)}, field)
