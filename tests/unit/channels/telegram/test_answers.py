import json
from typing import Any

import pytest

from worker.channels.answers import Answer
from worker.channels.telegram import answers
from worker.channels.telegram.answers import Refusal


def refusal(status: int, body: bytes) -> Refusal | None:
    answer = Answer(request="POST /bot*/sendMessage", status=status, headers={}, body=body)
    return answers.refusal_in(answer, answer.document())


def test_a_refusal_keeps_what_telegram_said() -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7", "parameters": {"retry_after": 7}}
    said = refusal(429, json.dumps(body).encode())
    assert said == Refusal(status=429, description="Too Many Requests: retry after 7", retry_after=7)


@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b"[]", b'"x"', b"\xff\xfe", b'{"parameters": 5}'])
def test_a_proxys_answer_counts_by_its_status(body: bytes) -> None:
    assert refusal(502, body) == Refusal(status=502)


def test_what_telegram_said_can_be_stored() -> None:
    assert refusal(400, b'{"description": "Bad\\u0000 \\ud800 Request"}') == Refusal(status=400, description="Bad ? Request")
    assert refusal(400, b'{"description": ["x"]}') == Refusal(status=400)


def test_a_refusal_under_a_status_of_success_is_a_refusal() -> None:
    assert refusal(200, b'{"ok": false, "error_code": 403, "description": "Forbidden"}') == Refusal(
        status=403, description="Forbidden"
    )
    assert refusal(200, b'{"ok": false}') == Refusal(status=400)


@pytest.mark.parametrize("body", [b'{"ok": true}', b"", b"ok"])
def test_what_is_accepted_is_no_refusal(body: bytes) -> None:
    assert refusal(200, body) is None


def test_a_message_is_known_by_its_chat_and_its_number() -> None:
    result = {"message_id": 5, "chat": {"id": -7, "title": "x"}, "text": "secret", "date": 1}
    assert answers.message_in({"ok": True, "result": result}) == "-7:5"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"ok": True},
        {"ok": True, "result": True},
        {"ok": True, "result": {}},
        {"ok": True, "result": {"message_id": 5, "chat": 7}},
        {"ok": True, "result": {"message_id": "5", "chat": {"id": 7}}},
        {"ok": True, "result": {"message_id": True, "chat": {"id": 7}}},
    ],
)
def test_an_acceptance_without_its_two_ids_names_no_message(document: dict[str, Any]) -> None:
    assert answers.message_in(document) is None
