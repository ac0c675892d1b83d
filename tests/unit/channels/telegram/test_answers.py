import json

import pytest

from worker.channels.telegram import answers


def test_a_refusal_keeps_what_telegram_said() -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7", "parameters": {"retry_after": 7}}
    refusal = answers.read_refusal(429, json.dumps(body).encode())
    assert refusal == answers.Refusal(status=429, description="Too Many Requests: retry after 7", retry_after=7)


@pytest.mark.parametrize("payload", [b"", b"<html>Bad Gateway</html>", b"[]", b'"x"', b"\xff\xfe", b'{"parameters": 5}'])
def test_a_proxys_answer_counts_by_its_status(payload: bytes) -> None:
    assert answers.read_refusal(502, payload) == answers.Refusal(status=502)


def test_what_telegram_said_can_be_stored() -> None:
    refusal = answers.read_refusal(400, b'{"description": "Bad\\u0000 \\ud800 Request"}')
    assert refusal.description == "Bad ? Request"
    assert answers.read_refusal(400, b'{"description": ["x"]}').description == ""


def test_an_acceptance_is_reduced_to_its_ids() -> None:
    result = {"message_id": 5, "chat": {"id": -7, "title": "x"}, "text": "secret", "date": 1}
    assert answers.read_acceptance(json.dumps({"ok": True, "result": result}).encode())["result"] == {
        "message_id": 5,
        "date": 0,
        "chat": {"id": -7, "type": "private"},
    }


@pytest.mark.parametrize(
    "payload", [b"", b"ok", b"{}", b'{"ok": true}', b'{"ok": true, "result": true}', b'{"ok": true, "result": {}}']
)
def test_an_acceptance_without_ids_is_unreadable(payload: bytes) -> None:
    with pytest.raises(answers.UnreadableError):
        answers.read_acceptance(payload)


def test_a_refusal_under_a_status_of_success_is_a_refusal() -> None:
    with pytest.raises(answers.RefusalError) as raised:
        answers.read_acceptance(b'{"ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}')
    assert raised.value.refusal.status == 403
