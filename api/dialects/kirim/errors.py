"""Why a request is turned away: the codes of the Kirim contract (2.3) in the native envelope, which is the contract's."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from flask import Blueprint, Response
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from api import buckets, errors, idempotency, idempotency_keys, limits, numbers
from api.dialects.kirim.fields import INVALID_PHONE_NUMBER
from api.errors import ApiError, Conflict, InvalidRequest, Unauthenticated, invalid_value

_UNAUTHENTICATED: Final[Mapping[str, str]] = {
    "invalid_api_key": "The API key is missing or not valid.",
    "expired_api_key": "This API key has expired.",
    "revoked_api_key": "This API key has been revoked.",
}
_MISSING: Final = frozenset({"missing", "missing_field", "union_tag_not_found"})
_NAMED_APART: Final = {"missing_field": "field", "union_tag_not_found": "discriminator", "union_tag_invalid": "discriminator"}
"""Where an error of an object tells which of its fields it is about."""
_PROBLEMS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "bool_type": lambda _: "must be a boolean",
    "enum": lambda limits: f"must be {limits['expected']}",
    "extra_forbidden": lambda _: "is not known",
    "float_type": lambda _: "must be a number",
    "string_type": lambda _: "must be a string",
    "model_type": lambda _: "must be an object",
    "model_attributes_type": lambda _: "must be an object",
    "dict_type": lambda _: "must be an object",
    "list_type": lambda _: "must be an array",
    "int_type": lambda _: "must be an integer",
    "greater_than_equal": lambda limits: f"must be {limits['ge']} or more",
    "less_than_equal": lambda limits: f"must be {limits['le']} or less",
    "literal_error": lambda limits: f"must be {limits['expected']}",
    "union_tag_invalid": lambda limits: f"must be one of {limits['expected_tags']}",
    "string_pattern_mismatch": lambda _: "must be an http or https URL",
    "too_short": lambda _: "must not be empty",
    "too_long": lambda limits: (
        f"must have at most {limits['max_length']} {'items' if limits['field_type'] == 'List' else 'characters'}"
    ),
}


def invalid_body(message: str) -> InvalidRequest:
    """Make the refusal of a body that is no JSON object."""
    return InvalidRequest("invalid_request", message)


def invalid_phone_number(param: str) -> InvalidRequest:
    """Make the refusal of a number by the name of its field."""
    return InvalidRequest("invalid_phone_number", INVALID_PHONE_NUMBER, param=param)


def refusal(error: ValidationError, document: Mapping[str, Any], *, skipped: int = 1) -> InvalidRequest:
    """Say what is wrong first with a request, by the name that its field has there.

    Of the names of a wrong field's place, the first ``skipped`` are not the request's: a message's kind is one.
    """
    detail = error.errors(include_url=False, include_input=False)[0]
    if detail["type"] == "model_attributes_type" and not detail["loc"]:
        return invalid_body("the body must be a JSON object")
    param = ".".join(_path(detail, document, skipped))
    if detail["type"] in _MISSING:
        return InvalidRequest("missing_required_field", f"{param} is required", param=param)
    if detail["type"] == "invalid_phone_number":
        return invalid_phone_number(param)
    problem = _PROBLEMS.get(detail["type"])
    return invalid_value(param, problem(detail.get("ctx", {})) if problem else detail["msg"])


def _path(detail: ErrorDetails, document: Mapping[str, Any], skipped: int) -> Iterator[str]:
    """Leave out the names of the alternatives that validation went through: they stand nowhere in the request."""
    inside: Any = document
    location = detail["loc"][skipped:]
    for place, part in enumerate(location, start=1):
        if isinstance(part, int) or (isinstance(inside, Mapping) and part in inside):
            inside = inside[part]
        elif place < len(location):
            continue
        yield str(part)
    if name := detail.get("ctx", {}).get(_NAMED_APART.get(detail["type"], "")):
        yield str(name).strip("'")


def register(blueprint: Blueprint) -> None:
    """Answer in Kirim's words what the requests of a blueprint can meet: for everything that speaks this dialect."""
    answers: Mapping[type[Exception], Callable[[Any], ApiError]] = {
        Unauthenticated: lambda error: Unauthenticated(_UNAUTHENTICATED[error.code], code=error.code),
        limits.RateLimited: lambda error: ApiError(429, "rate_limit_error", "rate_limit_exceeded", _too_many(error.verdict)),
        idempotency.InvalidKey: lambda error: InvalidRequest("invalid_field_value", str(error), param=idempotency.HEADER),
        idempotency_keys.IdempotencyKeyReused: lambda _: _unprocessable("idempotency_key_reuse", _REUSED, idempotency.HEADER),
        idempotency_keys.IdempotencyInProgress: lambda _: Conflict("idempotency_in_progress", _IN_PROGRESS),
        numbers.NoNumber: lambda _: _unprocessable("whatsapp_number_not_verified", _NO_NUMBER),
        numbers.NumberNotNamed: lambda _: InvalidRequest("missing_required_field", _NOT_NAMED, param="from"),
        numbers.UnknownNumber: lambda _: ApiError(404, "not_found", "resource_not_found", _UNKNOWN_NUMBER, param="from"),
    }
    for kind, answer in answers.items():
        blueprint.register_error_handler(kind, _rendering(answer))


_REUSED: Final = f"this {idempotency.HEADER} was used with another request"
_IN_PROGRESS: Final = f"a request with this {idempotency.HEADER} is in progress: repeat it later"
_NO_NUMBER: Final = "the account has no connected WhatsApp number"
_UNKNOWN_NUMBER: Final = "from is none of the account's connected WhatsApp numbers"
_NOT_NAMED: Final = "from is required: the account has several connected WhatsApp numbers"


def _unprocessable(code: str, message: str, param: str | None = None) -> ApiError:
    return ApiError(422, "invalid_request_error", code, message, param=param)


def _too_many(verdict: buckets.Verdict) -> str:
    return f"Too many requests: the account may make {verdict.limit} of this kind in a minute. Retry in {verdict.retry_after} s."


def _rendering(answer: Callable[[Any], ApiError]) -> Callable[[Exception], Response]:
    return lambda error: errors.render(answer(error))
