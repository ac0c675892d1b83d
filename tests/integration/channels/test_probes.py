"""What each channel asks a provider about a sender, and what it makes of odd answers."""

import socket
from typing import Any

import pytest

from shared.domain.outcome import Action, Code, NotSent, Unknown
from tests.integration.channels.loopback import Call, Reply, run, serving, wired
from worker import channels
from worker.channels.base import Finding

_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
KEYS: dict[str, dict[str, str]] = {
    "waha": {"gateway": "waha", "api_key": "secret", "session": "sales"},
    "gowa": {"gateway": "gowa", "api_key": "admin:secret", "session": "device-1"},
    "fonnte": {"gateway": "fonnte", "api_key": "secret"},
    "waba": {"phone_number_id": "4711", "access_token": "secret"},
    "telegram": {"bot_token": _TOKEN},
}
EVERY_SENDER = pytest.mark.parametrize("sender", KEYS)

_REJECTED = (Code.CREDENTIALS_REJECTED, Action.KEY)
_DISCONNECTED = (Code.DEVICE_DISCONNECTED, Action.KEY)
_RESTRICTED = (Code.SENDER_RESTRICTED, Action.KEY)
_UNREADABLE = (Code.ANSWER_UNREADABLE, None)

WELL: dict[str, Reply] = {
    "waha": Reply(body={"name": "sales", "status": "WORKING"}),
    "gowa": Reply(body={"code": "SUCCESS", "results": {"is_connected": True, "is_logged_in": True}}),
    "fonnte": Reply(body={"status": True, "device_status": "connect", "quota": "78"}),
    "waba": Reply(body={"id": "4711", "health_status": {"can_send_message": "LIMITED", "entities": []}}),
    "telegram": Reply(body={"ok": True, "result": {"id": 110201543, "is_bot": True, "first_name": "Bot"}}),
}


async def _probe(sender: str, base_url: str, **changes: str) -> Finding:
    adapter = channels.adapter(_channel(sender))
    key = adapter.credentials.model_validate({**KEYS[sender], "base_url": base_url, **changes})
    async with wired() as wires:
        return await adapter.probe(key, wires)


def _channel(sender: str) -> Any:
    return "whatsapp" if "gateway" in KEYS[sender] else sender


def ask(sender: str, reply: Reply, **changes: str) -> tuple[list[Call], Finding]:
    async def scenario() -> tuple[list[Call], Finding]:
        async with serving(reply) as provider:
            finding = await _probe(sender, f"{provider.base_url}/base", **changes)
            return provider.calls, finding

    return run(scenario())


def brief(finding: Finding) -> tuple[Code, Action | None] | None:
    """Give what matters of a finding; the action of what is unknown is none."""
    if finding is None:
        return None
    assert finding.trace is not None
    assert "secret" not in repr(finding)
    assert _TOKEN not in repr(finding)
    return finding.code, finding.action if isinstance(finding, NotSent) else None


@pytest.mark.parametrize(
    ("sender", "request_line", "header"),
    [
        ("waha", "GET /base/api/sessions/sales", ("x-api-key", "secret")),
        ("gowa", "GET /base/app/status", ("x-device-id", "device-1")),
        ("fonnte", "POST /base/device", ("authorization", "secret")),
        ("waba", "GET /base/v23.0/4711", ("authorization", "Bearer secret")),
        ("telegram", f"GET /base/bot{_TOKEN}/getMe", ("accept", "*/*")),
    ],
)
def test_one_question_is_asked_as_the_provider_wants_it(sender: str, request_line: str, header: tuple[str, str]) -> None:
    (call,), finding = ask(sender, WELL[sender])
    assert finding is None
    assert (f"{call.method} {call.path}", call.headers[header[0]], call.body) == (request_line, header[1], {})


def test_meta_is_asked_for_the_health_of_the_number() -> None:
    (call,), _ = ask("waba", WELL["waba"])
    assert call.query == {"fields": "id,health_status"}


def test_a_session_stays_one_part_of_the_path() -> None:
    (call,), _ = ask("waha", WELL["waha"], session="../../x?y")
    assert call.path == "/base/api/sessions/../../x?y"
    assert call.query == {}


ODD: list[tuple[str, Reply, tuple[Code, Action | None] | None]] = [
    ("waha", Reply(body={"status": "FAILED"}), _DISCONNECTED),
    ("waha", Reply(body={"status": "A_STATUS_TO_COME"}), _DISCONNECTED),
    ("waha", Reply(body={"status": "STARTING"}), (Code.PROVIDER_UNAVAILABLE, Action.RETRY)),
    ("waha", Reply(body={"status": 7}), _UNREADABLE),
    ("waha", Reply(404, {"message": "Session not found", "error": "Not Found", "statusCode": 404}), _DISCONNECTED),
    ("gowa", Reply(body={"code": "SUCCESS", "results": {"is_connected": True, "is_logged_in": False}}), _DISCONNECTED),
    ("gowa", Reply(body={"code": "SUCCESS", "results": {"is_connected": False, "is_logged_in": True}}), _DISCONNECTED),
    ("gowa", Reply(body={"code": "SUCCESS", "results": {"is_connected": True}}), _UNREADABLE),
    ("gowa", Reply(body={"code": "SUCCESS", "results": []}), _UNREADABLE),
    ("gowa", Reply(500, {"code": "INVALID_WA_CLI", "message": "your WhatsApp CLI is invalid or empty"}), _DISCONNECTED),
    ("gowa", Reply(504, {"code": "GATEWAY_TIMEOUT", "message": "timed out"}), (Code.ANSWER_TIMEOUT, None)),
    ("fonnte", Reply(body={"status": True, "device_status": "disconnect", "quota": "78"}), _DISCONNECTED),
    ("fonnte", Reply(body={"status": True, "device_status": "connect", "quota": "0"}), _RESTRICTED),
    ("fonnte", Reply(body={"status": True, "device_status": "connect"}), None),
    ("fonnte", Reply(body={"status": True, "device_status": []}), _UNREADABLE),
    ("fonnte", Reply(body={"Status": False, "reason": "token invalid"}), _REJECTED),
    ("waba", Reply(body={"id": "4711"}), None),
    ("waba", Reply(body={"id": "4712"}), _UNREADABLE),
    ("waba", Reply(body={"id": "4711", "health_status": {"can_send_message": "BLOCKED"}}), _RESTRICTED),
    ("waba", Reply(body={"id": "4711", "health_status": "BLOCKED"}), None),
    ("waba", Reply(400, {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported request"}}), _REJECTED),
    ("waba", Reply(200, {"error": {"code": 190, "message": "expired"}}), _REJECTED),
    ("waba", Reply(400, {"error": {"code": 368, "message": "blocked"}}), _RESTRICTED),
    ("waba", Reply(400, {"error": {"code": 4, "message": "too many calls"}}), (Code.THROTTLED, Action.RETRY)),
    ("telegram", Reply(401, {"ok": False, "error_code": 401, "description": "Unauthorized"}), _REJECTED),
    ("telegram", Reply(200, {"ok": False, "error_code": 401, "description": "Unauthorized"}), _REJECTED),
    ("telegram", Reply(400, {"ok": False, "error_code": 400, "description": "Logged out"}), _REJECTED),
    ("telegram", Reply(502, "<html>"), (Code.PROVIDER_UNAVAILABLE, Action.RETRY)),
    ("telegram", Reply(504, "<html>"), (Code.ANSWER_TIMEOUT, None)),
    ("telegram", Reply(200, {"ok": True, "result": True}), _UNREADABLE),
]


@pytest.mark.parametrize(("sender", "reply", "expected"), ODD)
def test_what_an_answer_means(sender: str, reply: Reply, expected: tuple[Code, Action | None] | None) -> None:
    assert brief(ask(sender, reply)[1]) == expected


@EVERY_SENDER
@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", "{}", "7", "[" * 100_000])
def test_an_answer_that_says_nothing_resumes_no_key(sender: str, body: str) -> None:
    assert brief(ask(sender, Reply(200, body))[1]) == _UNREADABLE


@EVERY_SENDER
@pytest.mark.parametrize("status", [301, 404, 405])
def test_a_base_url_that_leads_elsewhere(sender: str, status: int) -> None:
    headers = {"Location": "https://elsewhere.example"} if status == 301 else {}
    assert brief(ask(sender, Reply(status, "", headers))[1]) in {_REJECTED, (Code.PROVIDER_ERROR, Action.PERMANENT)}


@EVERY_SENDER
def test_a_refused_connection_says_nothing_of_the_sender(sender: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        finding = run(_probe(sender, f"http://127.0.0.1:{held.getsockname()[1]}"))
    assert brief(finding) == (Code.CONNECTION_FAILED, Action.RETRY)


def _blocked(*errors: Any) -> Reply:
    entities = [
        {"entity_type": "PHONE_NUMBER", "id": "4711", "can_send_message": "AVAILABLE", "errors": [{"error_code": 4}]},
        {"entity_type": "WABA", "id": "1", "can_send_message": "BLOCKED", "errors": list(errors)},
        "odd",
    ]
    return Reply(body={"id": "4711", "health_status": {"can_send_message": "BLOCKED", "entities": entities}})


@pytest.mark.parametrize(
    ("error", "expected", "reason", "provider_code"),
    [
        ({"error_code": 141006, "error_description": "Payment method"}, _RESTRICTED, "Payment method", "141006"),
        ({"error_code": 190, "error_description": "Token"}, _REJECTED, "Token", "190"),
        ({"error_code": 131026, "error_description": "Odd"}, _RESTRICTED, "Odd", "131026"),
        ({"error_code": "x"}, _RESTRICTED, "Meta blocks messages of this number", "x"),
        ({"error_code": []}, _RESTRICTED, "Meta blocks messages of this number", "[]"),
        ({}, _RESTRICTED, "Meta blocks messages of this number", None),
    ],
)
def test_what_blocks_a_number_is_named(error: Any, expected: tuple[Code, Action], reason: str, provider_code: str | None) -> None:
    finding = ask("waba", _blocked(error, {"error_code": 1}))[1]
    assert brief(finding) == expected
    assert isinstance(finding, NotSent)
    assert finding.trace is not None
    assert (finding.reason, finding.trace.provider_code) == (reason, provider_code)


def test_an_answer_cut_off_is_unknown() -> None:
    finding = ask("waba", Reply(200, "x" * (2 << 20)))[1]
    assert isinstance(finding, Unknown)
    assert brief(finding) == _UNREADABLE
