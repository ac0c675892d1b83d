"""Failures on demand look the way each provider's failures look."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiosmtplib
import httpx
import pytest

from deploy.local.sandbox import accounts
from tests.integration.sandbox import calls
from tests.integration.sandbox.conftest import Sandbox

EVERY_HTTP_PROVIDER = pytest.mark.parametrize("provider", calls.HTTP)


def _brief(answer: httpx.Response) -> tuple[int, Any]:
    """Give the status, and the part of the body a client decides by."""
    if not answer.headers["Content-Type"].startswith("application/json"):
        return answer.status_code, answer.text
    body = answer.json()
    if "error_code" in body:
        return answer.status_code, body["description"]
    if isinstance(body.get("error"), dict):
        return answer.status_code, body["error"]["code"]
    for name in ("exception", "status", "code", "reason", "message"):
        if name == "exception" and name in body:
            return answer.status_code, body[name]["message"]
        if name in body and isinstance(body[name], str):
            return answer.status_code, body[name]
    return answer.status_code, body


REFUSALS: list[tuple[str, str, tuple[int, Any]]] = [
    ("waha", "recipient", (500, f"2 UNKNOWN: no LID found for {calls.NUMBER}@s.whatsapp.net from server")),
    ("waha", "content", (422, "The method is not implemented by the engine.")),
    ("waha", "credentials", (401, "Unauthorized")),
    ("waha", "device", (422, "SCAN_QR_CODE")),
    ("waha", "throttle", (429, "ThrottlerException: Too Many Requests")),
    ("waha", "outage", (503, "Service Unavailable")),
    ("gowa", "recipient", (400, "INVALID_JID")),
    ("gowa", "content", (400, "VALIDATION_ERROR")),
    ("gowa", "credentials", (401, "Unauthorized")),
    ("gowa", "device", (401, "AUTHENTICATION_ERROR")),
    ("gowa", "throttle", (429, "TOO_MANY_REQUESTS")),
    ("gowa", "outage", (503, "DEVICE_MANAGER_UNAVAILABLE")),
    ("fonnte", "recipient", (200, "target invalid")),
    ("fonnte", "content", (200, "input invalid")),
    ("fonnte", "credentials", (200, "token invalid")),
    ("fonnte", "device", (200, "request invalid on disconnected device")),
    ("fonnte", "throttle", (429, "Too Many Requests")),
    ("fonnte", "outage", (503, "Service Unavailable")),
    ("cloud_api", "recipient", (400, 131026)),
    ("cloud_api", "content", (400, 131009)),
    ("cloud_api", "credentials", (401, 190)),
    ("cloud_api", "device", (401, 190)),
    ("cloud_api", "throttle", (429, 130429)),
    ("cloud_api", "outage", (500, 131016)),
    ("bot_api", "recipient", (403, "Forbidden: bot was blocked by the user")),
    ("bot_api", "content", (400, "Bad Request: can't parse entities: unsupported start tag")),
    ("bot_api", "credentials", (401, "Unauthorized")),
    ("bot_api", "device", (401, "Unauthorized")),
    ("bot_api", "throttle", (429, "Too Many Requests: retry after 1")),
    ("bot_api", "outage", (500, "Internal Server Error: restart")),
]


@pytest.mark.parametrize(("provider", "kind", "expected"), REFUSALS)
def test_a_fault_is_answered_as_the_provider_does(sandbox: Sandbox, provider: str, kind: str, expected: tuple[int, Any]) -> None:
    channel, to, send = calls.HTTP[provider]
    sandbox.fault(channel, kind, to=to, times=1)
    assert _brief(send(sandbox)) == expected
    assert sandbox.messages() == []
    assert send(sandbox).is_success
    assert len(sandbox.messages()) == 1


CODES: list[tuple[str, str, str, tuple[int, Any]]] = [
    ("waha", "device", "STARTING", (422, "STARTING")),
    ("waha", "outage", "500", (500, "Internal Server Error")),
    ("waha", "recipient", "463", (500, "2 UNKNOWN: server returned error 463")),
    ("gowa", "recipient", "463", (429, "WA_REACHOUT_TIMELOCK")),
    ("gowa", "outage", "GATEWAY_TIMEOUT", (504, "GATEWAY_TIMEOUT")),
    ("gowa", "outage", "502", (502, "502")),
    ("gowa", "device", "STARTING", (401, "AUTHENTICATION_ERROR")),
    ("fonnte", "content", "insufficient quota", (200, "insufficient quota")),
    ("cloud_api", "throttle", "131056", (429, 131056)),
    ("cloud_api", "content", "132001", (404, 132001)),
    ("cloud_api", "content", "999999", (400, 999999)),
    ("cloud_api", "credentials", "190/463", (401, 190)),
    ("bot_api", "recipient", "400", (400, "Bad Request: chat not found")),
    ("bot_api", "recipient", "403 Forbidden: user is deactivated", (403, "Forbidden: user is deactivated")),
    ("bot_api", "content", "PEER_ID_INVALID", (400, "Bad Request: PEER_ID_INVALID")),
    ("bot_api", "outage", "502", (502, "Bad Gateway")),
]


@pytest.mark.parametrize(("provider", "kind", "code", "expected"), CODES)
def test_a_code_picks_the_exact_failure(sandbox: Sandbox, provider: str, kind: str, code: str, expected: tuple[int, Any]) -> None:
    channel, _, send = calls.HTTP[provider]
    sandbox.fault(channel, kind, code=code)
    assert _brief(send(sandbox)) == expected


def test_a_subcode_goes_with_its_code(sandbox: Sandbox) -> None:
    sandbox.fault("waba", "credentials", code="190/463")
    assert calls.meta(sandbox).json()["error"]["error_subcode"] == 463


@EVERY_HTTP_PROVIDER
def test_a_throttled_caller_is_told_how_long_to_wait(sandbox: Sandbox, provider: str) -> None:
    channel, _, send = calls.HTTP[provider]
    sandbox.fault(channel, "throttle", retry_after=7)
    assert send(sandbox).headers["Retry-After"] == "7"


def test_telegram_says_how_long_in_its_parameters(sandbox: Sandbox) -> None:
    sandbox.fault("telegram", "throttle", retry_after=7)
    assert calls.telegram(sandbox).json()["parameters"] == {"retry_after": 7}


@EVERY_HTTP_PROVIDER
def test_only_the_recipient_named_is_struck(sandbox: Sandbox, provider: str) -> None:
    channel, to, send = calls.HTTP[provider]
    sandbox.fault(channel, "outage", to=to + "9")
    assert send(sandbox).is_success


@EVERY_HTTP_PROVIDER
def test_a_connection_dropped_before_loses_the_message(sandbox: Sandbox, provider: str) -> None:
    channel, _, send = calls.HTTP[provider]
    sandbox.fault(channel, "drop_before", times=1)
    with pytest.raises(httpx.ReadError):
        send(sandbox)
    assert sandbox.messages() == []


@EVERY_HTTP_PROVIDER
def test_a_connection_dropped_after_keeps_the_message(sandbox: Sandbox, provider: str) -> None:
    channel, _, send = calls.HTTP[provider]
    sandbox.fault(channel, "drop_after", times=1)
    with pytest.raises(httpx.ReadError):
        send(sandbox)
    assert len(sandbox.messages()) == 1


@EVERY_HTTP_PROVIDER
def test_a_hanging_provider_never_answers(sandbox: Sandbox, provider: str) -> None:
    channel, _, send = calls.HTTP[provider]
    sandbox.fault(channel, "hang")
    sandbox.http.timeout = httpx.Timeout(0.3)
    try:
        with pytest.raises(httpx.ReadTimeout):
            send(sandbox)
    finally:
        sandbox.http.timeout = httpx.Timeout(10)
    assert sandbox.messages() == []


def _seconds(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


@EVERY_HTTP_PROVIDER
def test_a_slow_provider_accepts_late(sandbox: Sandbox, provider: str) -> None:
    channel, _, send = calls.HTTP[provider]
    sandbox.fault(channel, "slow", latency_ms=150)
    assert _seconds(lambda: send(sandbox)) >= 0.15
    (message,) = sandbox.messages()
    assert _interval(message)[1] - _interval(message)[0] >= 0.14


def _interval(message: dict[str, Any]) -> tuple[float, float]:
    started, received = (datetime.fromisoformat(message[name]).timestamp() for name in ("started_at", "received_at"))
    return started, received


def test_a_slow_message_is_accepted_though_the_caller_has_left(sandbox: Sandbox) -> None:
    sandbox.fault("waba", "slow", latency_ms=300)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(**_meta_request(sandbox), timeout=0.1)
    deadline = time.monotonic() + 10
    while not sandbox.messages() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(sandbox.messages()) == 1


def _meta_request(sandbox: Sandbox) -> dict[str, Any]:
    account = accounts.waba(sandbox.base)
    return {
        "url": f"{account['base_url']}/v23.0/{account['phone_number_id']}/messages",
        "json": {"messaging_product": "whatsapp", "to": calls.NUMBER, "type": "text", "text": {"body": "Halo"}},
        "headers": {"Authorization": f"Bearer {account['access_token']}"},
    }


async def _two_at_once(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient() as client:
        meta = client.post(**_meta_request(sandbox))
        await asyncio.gather(meta, calls.mail_async(sandbox.mailer(), calls.letter()))


def test_two_calls_at_once_are_seen_to_overlap(sandbox: Sandbox) -> None:
    for channel in ("waba", "email"):
        sandbox.fault(channel, "slow", latency_ms=500)
    asyncio.run(_two_at_once(sandbox))
    (first_begin, first_end), (second_begin, second_end) = (_interval(message) for message in sandbox.messages())
    assert max(first_begin, second_begin) < min(first_end, second_end)


def test_every_accepted_call_takes_the_latency_set(sandbox: Sandbox) -> None:
    answer = sandbox.http.post("/_sandbox/settings", json={"latency_ms": 120})
    assert answer.json() == {"auto_receipts": True, "latency_ms": 120}
    assert _seconds(lambda: calls.waha(sandbox)) >= 0.12
    assert _seconds(lambda: calls.mail(sandbox.mailer())) >= 0.12


def test_a_probe_shows_the_faults_that_stand(sandbox: Sandbox) -> None:
    token, key = {"Authorization": "Bearer sandbox-meta-1"}, {"X-Api-Key": "sandbox-waha-1"}
    number = f"/graph/v23.0/{accounts.waba('')['phone_number_id']}"
    for channel in ("waba", "telegram", "whatsapp"):
        sandbox.fault(channel, "credentials", times=1)
    for _ in range(2):
        assert sandbox.http.get(number, headers=token).status_code == 401
        assert calls.telegram(sandbox, "getMe").status_code == 401
        assert sandbox.http.get("/waha/api/sessions/default", headers=key).status_code == 401
        assert sandbox.http.post("/fonnte/device", headers={"Authorization": "sandbox-x"}).json()["reason"] == "token invalid"
        status = sandbox.http.get("/gowa/app/status", auth=("antar", "sandbox-x"), headers={"X-Device-Id": "default"})
        assert status.status_code == 401


def _refused_at_rcpt(sandbox: Sandbox) -> tuple[int, str]:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as error:
        calls.mail(sandbox.mailer())
    (refused,) = error.value.recipients
    return refused.code, refused.message


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("recipient", None, (550, "5.1.1 <ann@test.example>: Recipient address rejected: user unknown")),
        ("recipient", "552 5.2.2", (552, "5.2.2 <ann@test.example>: Recipient address rejected: mailbox full")),
        ("recipient", "550 5.7.1 Go away", (550, "5.7.1 Go away")),
        ("throttle", None, (450, "4.7.1 <ann@test.example>: Error: too much mail")),
        ("credentials", None, (535, "5.7.8 <ann@test.example>: Error: authentication failed")),
    ],
)
def test_email_refuses_the_recipient(sandbox: Sandbox, kind: str, code: str | None, expected: tuple[int, str]) -> None:
    sandbox.fault("email", kind, to=calls.MAILBOX, code=code)
    assert _refused_at_rcpt(sandbox) == expected
    assert sandbox.messages() == []


def test_email_refuses_the_content_when_it_has_read_it(sandbox: Sandbox) -> None:
    sandbox.fault("email", "content")
    with pytest.raises(aiosmtplib.SMTPDataError) as error:
        calls.mail(sandbox.mailer())
    assert (error.value.code, error.value.message) == (554, "5.7.1 Message refused as spam by content policy")
    assert sandbox.messages() == []


@pytest.mark.parametrize("kind", ["credentials", "device"])
def test_email_refuses_the_login_of_everyone(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault("email", kind, times=1)
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as error:
        calls.mail(sandbox.mailer())
    assert error.value.code == 535
    assert "queued" in calls.mail(sandbox.mailer())


def test_email_announces_an_outage_and_closes(sandbox: Sandbox) -> None:
    sandbox.fault("email", "outage", to=calls.MAILBOX)
    assert _refused_at_rcpt(sandbox) == (421, "4.3.2 <ann@test.example>: Service not available, closing transmission channel")


@pytest.mark.parametrize(("kind", "kept"), [("drop_before", 0), ("drop_after", 1)])
def test_email_is_lost_or_kept_when_the_connection_drops(sandbox: Sandbox, kind: str, kept: int) -> None:
    sandbox.fault("email", kind)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        calls.mail(sandbox.mailer())
    assert len(sandbox.messages()) == kept


def test_email_hangs_before_it_accepts(sandbox: Sandbox) -> None:
    sandbox.fault("email", "hang")
    with pytest.raises(aiosmtplib.SMTPReadTimeoutError):
        calls.mail(sandbox.mailer(), timeout=1)
    assert sandbox.messages() == []


def test_one_mail_to_two_people_is_two_messages(sandbox: Sandbox) -> None:
    assert "queued" in calls.mail(sandbox.mailer(), calls.letter("ann@test.example, bob@test.example"))
    assert [message["to"] for message in sandbox.messages()] == ["ann@test.example", "bob@test.example"]


def test_taking_faults_back(sandbox: Sandbox) -> None:
    sandbox.fault("waba", "outage")
    assert sandbox.http.delete("/_sandbox/faults").json() == {"deleted": 1}
    assert calls.meta(sandbox).is_success
