"""The document and the page are served to whoever asks, and once."""

from collections import defaultdict
from typing import Any

import httpx
import pytest

from shared import ids
from tests.acceptance import conformance


def test_the_document_is_what_the_rooms_declare(document: dict[str, Any]) -> None:
    told = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
    assert told == {operation.name for operation in conformance.operations()}
    assert document["openapi"] == "3.1.0"


def test_the_address_is_the_public_one(document: dict[str, Any], anybody: httpx.Client) -> None:
    assert document["servers"] == [{"url": str(anybody.base_url).rstrip("/")}]


@pytest.mark.parametrize(("path", "media_type"), [("/openapi.json", "application/json"), ("/docs", "text/html; charset=utf-8")])
def test_what_is_held_is_not_sent_again(anybody: httpx.Client, path: str, media_type: str) -> None:
    first = anybody.get(path)
    assert (first.status_code, first.headers["Content-Type"], first.headers["Cache-Control"]) == (200, media_type, "no-cache")
    assert anybody.get(path).headers["ETag"] == first.headers["ETag"]
    again = anybody.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert anybody.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


def test_the_page_may_do_nothing_but_be_read(anybody: httpx.Client) -> None:
    answer = anybody.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "look_up_send" in answer.text


def test_a_method_that_is_not_there_is_refused_with_those_that_are(anybody: httpx.Client, document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        method = next(each for each in ("PUT", "PATCH") if each.lower() not in methods)
        answer = anybody.request(method, path.format_map(defaultdict(lambda: "anything")))
        assert (path, answer.status_code) == (path, 405)
        assert {method.upper() for method in methods} <= set(answer.headers["Allow"].split(", "))


def test_a_request_refused_before_its_body_was_read_leaves_the_connection_to_the_next(anybody: httpx.Client) -> None:
    body = b"{" + b" " * 200_000 + b"}"
    assert {anybody.post("/v1/send", content=body).status_code for _ in range(200)} == {401}


def test_every_answer_has_the_id_of_its_request(anybody: httpx.Client) -> None:
    assert ids.decode(ids.REQUEST, anybody.get("/docs").headers["X-Request-Id"])
