"""From the bytes of a message request to the message, as far as the request itself says."""

import math
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from api import syntax
from api.dialects.kirim import errors, models
from api.errors import invalid_value
from shared.domain.content import CloudMessage

_DEEPEST: Final = 32
"""Objects and arrays inside each other; Meta's own go to less than half of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateName:
    """Which template a message is made of."""

    name: str
    language: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A valid request; whether its number and its template are there is still to be seen."""

    to: str
    sender: str | None
    content: CloudMessage
    template: TemplateName | None


def parse(body: bytes) -> Request:
    """Read and validate a message. Raises :class:`api.errors.InvalidRequest`, naming the field."""
    document = _read(body)
    message = _validate(document)
    return Request(
        to=message.to,
        sender=message.sender,
        content=_content(message, document[message.type]),
        template=_template(message),
    )


def _read(body: bytes) -> Any:
    try:
        document = syntax.read(body)
    except syntax.InvalidJson as error:
        raise errors.invalid_body(str(error)) from None
    if _is_deep(document):
        raise errors.invalid_body("the body is nested too deeply")
    return document


def _is_deep(document: Any) -> bool:
    """Walk down level by level: what is nested without end must not be followed by calls."""
    level = [document]
    for _ in range(_DEEPEST):
        level = [inner for each in level if isinstance(each, dict | list) for inner in _inside(each)]
    return bool(level)


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def _validate(document: Any) -> models.Envelope:
    try:
        message: models.Envelope = models.MESSAGE.validate_python(_without_nulls(document))
    except ValidationError as error:
        raise errors.refusal(error, document) from None
    return message


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _content(message: models.Envelope, given: Any) -> CloudMessage:
    """Make what is stored; what goes to Meta as it came must be something that can be stored."""
    cloud = message.cloud(given)
    if not _is_finite(cloud):
        raise invalid_value(message.type, "must not contain numbers beyond those of JSON")
    try:
        return CloudMessage.model_validate({"kind": message.type, "cloud": cloud})
    except ValidationError as error:
        raise invalid_value(message.type, error.errors()[0]["msg"]) from None


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_is_finite, _inside(value)))
    return not isinstance(value, float) or math.isfinite(value)


def _template(message: models.Envelope) -> TemplateName | None:
    if not isinstance(message, models.TemplateMessage):
        return None
    return TemplateName(name=message.template.name, language=message.template.language)
