"""What every answer tells browsers and caches, in all rooms, granted and refused."""

from collections.abc import Iterator

import httpx
import pytest

from api.openapi.operation import Operation
from deploy.local.stack import Stack
from tests.acceptance import conformance
from tests.acceptance.backend import Backend

_OTHERS = ("/nowhere", "/unsubscribe/none", "/files/none/name", "/healthz", "/docs", "/openapi.json")


@pytest.fixture(scope="module")
def anybody(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.base_url, timeout=60) as http:
        yield http


def _check(answer: httpx.Response) -> None:
    headers = answer.headers
    said = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    assert (said, headers.get("X-Content-Type-Options"), headers.get("Referrer-Policy")) == (said, "nosniff", "no-referrer")
    assert "default-src 'none'" in headers["Content-Security-Policy"], said
    assert "unsafe" not in headers["Content-Security-Policy"], said
    assert headers["Cache-Control"] in {"no-store", "no-cache", "private, no-cache"}, said
    assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin", "Set-Cookie"} & set(headers), said


@pytest.mark.parametrize("operation", conformance.operations(), ids=lambda each: each.name)
def test_every_room_keeps_answers_to_who_asked(anybody: httpx.Client, backend: Backend, operation: Operation) -> None:
    path = "/".join("x" if part.startswith("<") else part for part in operation.path.split("/"))
    _check(anybody.request(operation.method, path))
    if operation.method == "GET":
        _check(backend.get(path))


@pytest.mark.parametrize("path", _OTHERS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT"])
def test_so_does_what_is_nobodys(anybody: httpx.Client, method: str, path: str) -> None:
    answer = anybody.request(
        method, path, headers={"Origin": "https://evil.example", "Host": "evil.example", "X-Planted": "planted"}
    )
    _check(answer)
    assert "planted" not in answer.text
    assert "evil.example" not in answer.text + str(answer.headers)
    if method == "TRACE":
        assert answer.status_code in {404, 405}


def test_what_has_a_tag_is_held_by_who_asked_alone(backend: Backend) -> None:
    (key, *_) = backend.get("/v1/channels/telegram/keys").json()["data"]
    path = f"/v1/channels/telegram/keys/{key['id']}"
    first = backend.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = backend.http.get(path, headers={"Authorization": f"Bearer {backend.token}", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "private, no-cache")
