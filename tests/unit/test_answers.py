"""Answers are on the wire what Flask makes of them, whichever way they are handed to the server."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

import pytest
from flask import Flask, Response, jsonify, redirect
from werkzeug.test import EnvironBuilder

from api import answers

VALUES: Final[tuple[Any, ...]] = ({"status": True, "b": 1, "a": "größer\u2028"}, [1, 2.5, None], "text", {})


def _app(view: Any, *, ours: bool) -> Flask:
    app = Flask("test")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    if ours:
        answers.register(app)
    app.add_url_rule("/", view_func=view, endpoint="view")
    return app


def _served(app: Flask, method: str) -> tuple[Iterable[bytes], str, list[tuple[str, str]], bytes]:
    """Give what the server is handed, and the status, the headers and the body that it makes of it."""
    started: list[Any] = []

    def start(*given: Any) -> Callable[[bytes], object]:
        started.extend(given)
        return lambda _: None

    body = app(EnvironBuilder("/", method=method).get_environ(), start)
    return body, started[0], sorted(started[1]), b"".join(body)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT, HTTPStatus.CONFLICT])
def test_an_answer_is_that_of_flask(value: Any, status: HTTPStatus, method: str) -> None:
    def view() -> Response:
        response = jsonify(value)
        response.status_code = status
        response.headers["Location"] = "/v1/sends/snd_1"
        return response

    assert _served(_app(view, ours=True), method)[1:] == _served(_app(view, ours=False), method)[1:]


def test_a_whole_answer_is_handed_over_as_a_list() -> None:
    assert isinstance(_served(_app(lambda: jsonify(a=1), ours=True), "GET")[0], list)


def test_fields_are_answered_as_an_object() -> None:
    assert _served(_app(lambda: jsonify(b=1, a=None), ours=True), "GET")[3] == b'{"b":1,"a":null}\n'


def test_a_stream_is_closed() -> None:
    closed = []

    def view() -> Response:
        response = Response(iter(["a", "b"]))
        response.call_on_close(lambda: closed.append(True))
        return response

    body, _, _, text = _served(_app(view, ours=True), "GET")
    body.close()  # type: ignore[attr-defined]
    assert (text, closed) == (b"ab", [True])


def test_a_redirection_is_written_as_an_address() -> None:
    headers = _served(_app(lambda: redirect("/größer"), ours=True), "GET")[2]
    assert ("Location", "/gr%C3%B6%C3%9Fer") in headers
