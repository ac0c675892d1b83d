"""What holds real answers against the document finds what is not in it."""

from typing import Any

import httpx
import pytest

from tests.acceptance import conformance


def _answer(path: str, status: int = 200, *, method: str = "GET", **content: Any) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request(method, f"http://antar.example{path}"), **content)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (_answer("/healthz", json={"status": "ok", "mood": "fine"}), "outside its schema"),
        (_answer("/healthz", json={}), "outside its schema"),
        (_answer("/healthz", 418, json={"status": "ok"}), "answers 418, which is not declared"),
        (_answer("/healthz", text="ok"), "text/plain"),
        (_answer("/v1/sends/snd_x", 404, json={"error": "none"}), "outside its schema"),
    ],
)
def test_what_is_not_foretold_is_found(answer: httpx.Response, problem: str) -> None:
    with pytest.raises(AssertionError, match=problem):
        conformance.check(answer)


@pytest.mark.parametrize(
    "answer",
    [
        _answer("/healthz", json={"status": "ok"}),
        _answer("/v1/nowhere", 404, text="no"),
        _answer("/healthz", 405, method="POST"),
        _answer("/v1/receipts/waba/key_x", method="POST"),
    ],
)
def test_what_is_foretold_or_no_operation_passes(answer: httpx.Response) -> None:
    conformance.check(answer)
