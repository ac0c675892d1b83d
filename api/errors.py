"""What the native endpoints answer when they refuse: one envelope, and each error names its parameter.

``{"error": {"type", "code", "message", "param"?, "request_id"}}`` - the shape of the Kirim contract, section 2.3. A dialect with
another shape catches the same exceptions in its own blueprint.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, current_app, jsonify, request
from flask.sansio.app import App
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api import request_ids

_SHAPES: Final = "antar.shapes"


class ApiError(Exception):
    """A request is refused, with all that the answer needs."""

    retry_after: int | None = None
    """Seconds after which it may be sent again, where that is known."""

    def __init__(self, status: int, kind: str, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.message = message
        self.param = param


class Unauthenticated(ApiError):
    """The account token is missing or not valid; ``message`` is the Kirisan contract's string, ``code`` the Kirim contract's."""

    def __init__(self, message: str, *, code: str = "invalid_api_key") -> None:
        super().__init__(401, "authentication_error", code, message)


class TooManyFailures(ApiError):
    """An address or an account has failed to authenticate too often to be told what was wrong."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(429, "rate_limit_error", "rate_limit_exceeded", "too many failed authentications")
        self.retry_after = retry_after


class Forbidden(ApiError):
    """The token is valid, and may not do this."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(403, "permission_error", code, message)


class InvalidRequest(ApiError):
    """A field or parameter is wrong; ``param`` names it."""

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(400, "invalid_request_error", code, message, param=param)


def invalid_value(param: str, problem: str) -> InvalidRequest:
    """Make the refusal of a field or parameter by its name."""
    return InvalidRequest("invalid_field_value", f"{param} {problem}", param=param)


class ResourceNotFound(ApiError):
    """There is no such thing, or it is another account's: the two look the same."""

    def __init__(self, message: str) -> None:
        super().__init__(404, "not_found", "resource_not_found", message)


class Conflict(ApiError):
    """What was asked does not go with how things stand."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(409, "conflict", code, message)


class ServiceUnavailable(ApiError):
    """Postgres is away: nothing was accepted, and the same request may be sent again."""

    retry_after: int = 2

    def __init__(self) -> None:
        super().__init__(503, "api_error", "service_unavailable", "service temporarily unavailable")


class Overloaded(ServiceUnavailable):
    """Too many deliveries wait for a worker: nothing was accepted, and the same request may be sent again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


def retry_after(error: Exception) -> int:
    """Give the seconds after which what failed by the service may be tried again."""
    return error.retry_after if isinstance(error, ServiceUnavailable) else ServiceUnavailable.retry_after


def register(app: Flask) -> None:
    """Answer every refusal of the app in the envelope, the framework's own included."""
    app.register_error_handler(ApiError, render)
    app.register_error_handler(HTTPException, _render_http)


def render(error: ApiError) -> Response:
    """Write the envelope of a refusal."""
    body: dict[str, Any] = {"type": error.kind, "code": error.code, "message": error.message}
    if error.param is not None:
        body["param"] = error.param
    body["request_id"] = request_ids.current()
    response = jsonify(error=body)
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


_KINDS = {404: ("not_found", "resource_not_found"), 405: ("invalid_request_error", "method_not_allowed")}


def shape_at(app: App, path: str, shape: Callable[[HTTPException], Response]) -> None:
    """Answer the framework's own refusals in a dialect's shape at a path and below it, also where there is no route."""
    app.extensions.setdefault(_SHAPES, {})[path] = shape


def _render_http(error: HTTPException) -> Response:
    shapes: dict[str, Callable[[HTTPException], Response]] = current_app.extensions.get(_SHAPES, {})
    shape = next((shapes[path] for path in shapes if f"{request.path}/".startswith(f"{path}/")), _enveloped)
    response = shape(error)
    if isinstance(error, MethodNotAllowed):
        response.allow.update(sorted(error.valid_methods or ()))
    return response


def _enveloped(error: HTTPException) -> Response:
    status = error.code or 500
    fallback = ("invalid_request_error", "invalid_request") if status < 500 else ("api_error", "internal_error")  # noqa: PLR2004 - HTTP's own border.
    kind, code = _KINDS.get(status, fallback)
    return render(ApiError(status, kind, code, error.name))
