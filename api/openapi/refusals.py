"""The refusals of the native envelope, by status, each with an example."""

from collections.abc import Mapping
from typing import Any, Final

from api.errors import ServiceUnavailable
from api.models import Refusal
from api.openapi.operation import Answer

_EXAMPLE_ID: Final = "req_01M7XC8EPCEHFVZ3Z7T6A5DQ50"
_RETRY_AFTER: Final = {"Retry-After": "Seconds after which to try again."}
_CAN_BE_REPEATED: Final = frozenset({429, 503})


def refused(status: int, kind: str, code: str, message: str, description: str, **param: str) -> Mapping[int, Answer]:
    """Give one refusal, of this type and code, as the envelope has them."""
    reason: dict[str, Any] = {"type": kind, "code": code, "message": message, **param, "request_id": _EXAMPLE_ID}
    headers = _RETRY_AFTER if status in _CAN_BE_REPEATED else {}
    return {status: Answer(description=description, type=Refusal, headers=headers, example={"error": reason})}


def conflict(code: str, message: str, description: str) -> Mapping[int, Answer]:
    """Give the refusal of what does not go with how things stand."""
    return refused(409, "conflict", code, message, f"{description} `code` is `{code}`.")


LENGTH_REQUIRED: Final = refused(
    411,
    "invalid_request_error",
    "invalid_request",
    "Length Required",
    "The body is the file itself, and does not say how long it is.",
)
"""The answer to a file that might have been cut on its way."""

_AWAY: Final = ServiceUnavailable()

_REFUSED: Final[Mapping[int, Answer]] = {
    **refused(
        400,
        "invalid_request_error",
        "invalid_limit",
        "limit must be a number from 1 to 100",
        "A field or parameter is wrong; `param` names it.",
        param="limit",
    ),
    **refused(
        401,
        "authentication_error",
        "invalid_api_key",
        "invalid api token",
        "The account token is missing or unknown (`invalid_api_key`), revoked (`revoked_api_key`), or expired (`expired_api_key`).",
    ),
    **refused(
        403,
        "permission_error",
        "token_bound",
        "this token is bound to a channel key: it sends, and manages nothing",
        "The token is bound to a channel key, and manages nothing.",
    ),
    **refused(
        404,
        "not_found",
        "resource_not_found",
        "there is no such send",
        "There is no such thing, or it is another account's: the two look the same.",
    ),
    **conflict("idempotency_in_progress", "a request with this Idempotency-Key is in progress", "The first request is not over."),
    **refused(
        413,
        "invalid_request_error",
        "invalid_request",
        "Request Entity Too Large",
        "The body is larger than `ANTAR_MAX_BODY_BYTES`.",
    ),
    **refused(
        422,
        "invalid_request_error",
        "idempotency_key_reuse",
        "this Idempotency-Key was used with another request",
        "The request is well formed, and cannot be done.",
    ),
    **refused(
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
        "too many requests",
        "Too many requests, or too many that failed to authenticate: wait for as long as `Retry-After` says.",
    ),
    **refused(
        503,
        _AWAY.kind,
        _AWAY.code,
        _AWAY.message,
        "The database is away, or too much waits already for more to be taken: nothing was done, and the request may be repeated.",
    ),
}


def refusals(*statuses: int) -> Mapping[int, Answer]:
    """Give these, and those of every operation with a token: 401, 429 where that happens too often, and 503."""
    return only(*{*statuses, 401, 429, 503})


def only(*statuses: int) -> Mapping[int, Answer]:
    """Give exactly these."""
    return {status: _REFUSED[status] for status in sorted(statuses)}
