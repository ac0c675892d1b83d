"""Troubles that no request can bring about by itself are answered in the dialect's shape."""

from typing import Any, NoReturn

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from api import auth, errors, intake
from api.dialects.kanal import routes
from api.idempotency_keys import IdempotencyInProgress

PATHS = [("POST", "messages/send"), ("POST", "templates"), ("GET", "get_templates"), ("POST", "me")]


@pytest.fixture
def app() -> Flask:
    app = Flask("test")
    errors.register(app)
    app.register_blueprint(routes.blueprint)
    return app


def raising(error: Exception) -> Any:
    def fail() -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    ("trouble", "status", "body"),
    [
        (OperationalError("SELECT", {}, Exception()), 503, {"error": "Service temporarily unavailable"}),
        (intake.Stalled(), 503, {"error": "Service temporarily unavailable"}),
        (errors.Overloaded(17), 503, {"error": "Service temporarily unavailable"}),
        (IdempotencyInProgress(), 409, {"error": "A request with this idempotency key is in progress"}),
        (errors.Unauthenticated("invalid api token", code="revoked_api_key"), 401, {"error": "Invalid API key"}),
        (errors.Unauthenticated(auth.MISSING), 401, {"error": "API key is missing"}),
        (ZeroDivisionError(), 500, {"error": "Internal Server Error"}),
    ],
)
def test_every_trouble_is_flat(
    app: Flask, monkeypatch: pytest.MonkeyPatch, method: str, path: str, trouble: Exception, status: int, body: dict[str, str]
) -> None:
    monkeypatch.setattr(auth, "caller", raising(trouble))
    answer = app.test_client().open(f"/api/v1/{path}", method=method)
    assert (answer.status_code, answer.get_json()) == (status, body)
    assert (status == 503) == ("Retry-After" in answer.headers)


def test_only_the_dialects_own_paths_are_flat(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/api/v1/elsewhere").get_json() == {"error": "Not Found"}
    assert client.get("/api/v1/me").get_json() == {"error": "Method Not Allowed"}
    assert client.get("/apis").get_json()["error"]["code"] == "resource_not_found"
