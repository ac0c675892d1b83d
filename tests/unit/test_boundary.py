"""What every answer is given on its way out, whoever made it."""

from collections import Counter
from collections.abc import Mapping

import pytest
from flask import Flask, Response
from werkzeug.exceptions import Conflict

from api import boundary, errors, headers, request_ids
from shared import ids


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("test")
    errors.register(app)
    boundary.register(app)
    app.add_url_rule("/plain", view_func=lambda: Response(request_ids.current()), endpoint="plain")
    app.add_url_rule("/stream", view_func=lambda: Response(iter(["a", "b"])), endpoint="stream")
    app.add_url_rule("/tagged", view_func=lambda: Response(headers={"ETag": '"1"'}), endpoint="tagged")
    app.add_url_rule("/own", view_func=lambda: Response(headers=_OWN), endpoint="own")
    app.add_url_rule("/conflict", view_func=_conflict, endpoint="conflict")
    return app


_OWN = {"cache-control": "private, max-age=60", "content-security-policy": "sandbox"}
_GIVEN = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": headers.policy(),
    "Cache-Control": "no-store",
}


def _conflict() -> Response:
    raise Conflict


@pytest.mark.parametrize(
    ("method", "path", "status", "other"),
    [
        ("GET", "/plain", 200, {}),
        ("HEAD", "/plain", 200, {}),
        ("OPTIONS", "/plain", 200, {}),
        ("POST", "/plain", 405, {}),
        ("GET", "/stream", 200, {}),
        ("GET", "/nowhere", 404, {}),
        ("GET", "/conflict", 409, {}),
        ("GET", "/tagged", 200, {"Cache-Control": "private, no-cache"}),
        ("GET", "/own", 200, {"Cache-Control": "private, max-age=60", "Content-Security-Policy": "sandbox"}),
    ],
)
def test_every_answer_says_each_thing_once(app: Flask, method: str, path: str, status: int, other: Mapping[str, str]) -> None:
    answer = app.test_client().open(path, method=method)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in _GIVEN} == {**_GIVEN, **other}
    assert ids.decode(ids.REQUEST, answer.headers["X-Request-Id"])
    assert set(Counter(name.lower() for name, _ in answer.headers).values()) == {1}


def test_the_id_that_is_answered_is_that_of_the_request(app: Flask) -> None:
    first, second = (app.test_client().get("/plain") for _ in range(2))
    assert (first.text, second.text) == (first.headers["X-Request-Id"], second.headers["X-Request-Id"])
    assert first.text != second.text


@pytest.mark.parametrize(("size", "closed"), [(10, None), (300_000, "close")])
def test_a_body_that_nobody_has_read_is_read_as_far_as_that_is_worth_it(app: Flask, size: int, closed: str | None) -> None:
    answer = app.test_client().post("/nowhere", data=b"x" * size)
    assert (answer.status_code, answer.headers.get("Connection")) == (404, closed)
