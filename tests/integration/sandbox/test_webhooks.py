"""What the providers report back, signed; and a process that starts and stops as a good one does."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deploy.local.sandbox import accounts
from tests import schemas
from tests.integration.sandbox import calls
from tests.integration.sandbox.conftest import Received, Receiver, Sandbox, running

Hooks = tuple[Receiver, str]


def _valid(instance: Any, document: dict[str, Any], pointer: str) -> None:
    jsonschema.Draft202012Validator({"$ref": pointer, **document}).validate(instance)


def _is_signed_sha256(hook: Received, secret: str) -> bool:
    expected = hmac.new(secret.encode(), hook.body, hashlib.sha256).hexdigest()
    return hook.headers["X-Hub-Signature-256"] == f"sha256={expected}"


def _is_signed_by_waha(hook: Received) -> bool:
    expected = hmac.new(accounts.WAHA_HMAC_KEY.encode(), hook.body, hashlib.sha512).hexdigest()
    return hook.headers["X-Webhook-Hmac"] == expected


def _statuses(hook: Received) -> dict[str, Any]:
    value = hook.json["entry"][0]["changes"][0]["value"]
    return dict(value["statuses"][0])


def test_meta_reports_sent_and_delivered(posting: Sandbox, receiver: Hooks) -> None:
    wamid = calls.meta(posting, biz_opaque_callback_data=str(calls.DELIVERY)).json()["messages"][0]["id"]
    hooks = receiver[0].wait_for(2)
    assert [_statuses(hook)["status"] for hook in hooks] == ["sent", "delivered"]
    for hook in hooks:
        assert hook.path == "/hooks/waba"
        assert _is_signed_sha256(hook, accounts.APP_SECRET)
        assert (_statuses(hook)["id"], _statuses(hook)["biz_opaque_callback_data"]) == (wamid, str(calls.DELIVERY))
        metadata = hook.json["entry"][0]["changes"][0]["value"]["metadata"]
        assert metadata["phone_number_id"] == accounts.waba("")["phone_number_id"]
        _valid(hook.json, schemas.provider_file("waba/messages_v23.0.patched.json"), "#/components/schemas/WebhookPayload")


def test_waha_reports_acks(posting: Sandbox, receiver: Hooks) -> None:
    message_id = calls.waha(posting).json()["id"]
    hooks = receiver[0].wait_for(2)
    assert [(hook.path, hook.json["event"], hook.json["payload"]["ackName"]) for hook in hooks] == [
        ("/hooks/waha", "message.ack", "SERVER"),
        ("/hooks/waha", "message.ack", "DEVICE"),
    ]
    document = schemas.provider_file("waha/delivery.patched.json")
    for hook in hooks:
        assert _is_signed_by_waha(hook)
        assert hook.json["payload"]["id"] == message_id
        _valid(hook.json["payload"], document, "#/components/schemas/WAMessageAckBody")


def test_gowa_reports_delivery(posting: Sandbox, receiver: Hooks) -> None:
    message_id = calls.gowa(posting).json()["results"]["message_id"]
    (hook,) = receiver[0].wait_for(1)
    assert (hook.path, hook.json["event"]) == ("/hooks/gowa", "message.ack")
    assert _is_signed_sha256(hook, accounts.GOWA_WEBHOOK_SECRET)
    assert (hook.json["payload"]["ids"], hook.json["payload"]["receipt_type"]) == ([message_id], "delivered")


def test_receipts_can_be_left_to_the_test(posting: Sandbox, receiver: Hooks) -> None:
    posting.http.post("/_sandbox/settings", json={"auto_receipts": False}).raise_for_status()
    wamid = calls.meta(posting).json()["messages"][0]["id"]
    order = {"provider_message_id": wamid, "status": "failed", "code": 131049}
    assert posting.http.post("/_sandbox/receipts", json=order).json() == {"posted": True}
    (hook,) = receiver[0].wait_for(1)
    status = _statuses(hook)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131049)


@pytest.mark.parametrize(("status", "ack"), [("read", 3), ("failed", -1)])
def test_waha_reports_what_it_is_told(posting: Sandbox, receiver: Hooks, status: str, ack: int) -> None:
    posting.http.post("/_sandbox/settings", json={"auto_receipts": False})
    message_id = calls.waha(posting).json()["id"]
    posting.http.post("/_sandbox/receipts", json={"provider_message_id": message_id, "status": status}).raise_for_status()
    assert receiver[0].wait_for(1)[0].json["payload"]["ack"] == ack


def test_waha_reports_a_session(posting: Sandbox, receiver: Hooks) -> None:
    posting.http.post("/_sandbox/sessions", json={"session": "sales", "status": "SCAN_QR_CODE"}).raise_for_status()
    (hook,) = receiver[0].wait_for(1)
    assert _is_signed_by_waha(hook)
    assert (hook.json["event"], hook.json["session"], hook.json["payload"]["status"]) == ("session.status", "sales", "SCAN_QR_CODE")
    document = schemas.provider_file("waha/delivery.patched.json")
    _valid(hook.json["payload"], document, "#/components/schemas/WASessionStatusBody")


def test_a_provider_without_receipts_says_so(sandbox: Sandbox) -> None:
    calls.telegram(sandbox)
    order = {"provider_message_id": sandbox.messages()[0]["provider_message_id"], "status": "read"}
    answer = sandbox.http.post("/_sandbox/receipts", json=order)
    assert (answer.status_code, answer.json()) == (400, {"error": "status: bot_api reports no read", "field": "status"})


def test_meta_brings_a_text(posting: Sandbox, receiver: Hooks) -> None:
    order = {"channel": "waba", "from": f"+{calls.NUMBER}", "text": "STOP"}
    posting.http.post("/_sandbox/inbound", json=order).raise_for_status()
    (hook,) = receiver[0].wait_for(1)
    assert _is_signed_sha256(hook, accounts.APP_SECRET)
    message = hook.json["entry"][0]["changes"][0]["value"]["messages"][0]
    assert (message["from"], message["text"]) == (calls.NUMBER, {"body": "STOP"})
    real = schemas.provider_file("waba/webhooks/pywa_message.json")["text"]
    assert message.keys() == real["entry"][0]["changes"][0]["value"]["messages"][0].keys()


def test_waha_brings_a_text(posting: Sandbox, receiver: Hooks) -> None:
    posting.http.post("/_sandbox/inbound", json={"channel": "whatsapp", "from": calls.NUMBER, "text": "STOP"}).raise_for_status()
    (hook,) = receiver[0].wait_for(1)
    assert _is_signed_by_waha(hook)
    assert (hook.json["event"], hook.json["payload"]["from"], hook.json["payload"]["body"]) == (
        "message",
        f"{calls.NUMBER}@c.us",
        "STOP",
    )
    _valid(hook.json["payload"], schemas.provider_file("waha/delivery.patched.json"), "#/components/schemas/WAMessage")


def test_gowa_brings_a_text(posting: Sandbox, receiver: Hooks) -> None:
    order = {"channel": "whatsapp", "gateway": "gowa", "from": calls.NUMBER, "text": "STOP"}
    posting.http.post("/_sandbox/inbound", json=order).raise_for_status()
    (hook,) = receiver[0].wait_for(1)
    assert _is_signed_sha256(hook, accounts.GOWA_WEBHOOK_SECRET)
    assert (hook.json["event"], hook.json["payload"]["body"]) == ("message", "STOP")


def test_telegram_brings_a_text(posting: Sandbox, receiver: Hooks) -> None:
    posting.http.post("/_sandbox/inbound", json={"channel": "telegram", "from": calls.CHAT, "text": "/start"}).raise_for_status()
    (hook,) = receiver[0].wait_for(1)
    assert hook.headers["X-Telegram-Bot-Api-Secret-Token"] == accounts.TELEGRAM_SECRET_TOKEN
    assert hook.json["message"]["chat"]["id"] == 42
    _valid(hook.json, schemas.provider_file("telegram/bot-api_10.1.schema.json"), "#/$defs/Update")


def test_a_receiver_that_stumbles_gets_the_webhook_again(posting: Sandbox, receiver: Hooks) -> None:
    receiver[0].refuse = 1
    calls.gowa(posting)
    receiver[0].wait_for(1)


def test_a_missing_receiver_costs_nothing_but_a_count(tmp_path: Path) -> None:
    with running(tmp_path / "certificate.pem", "--webhook-url", "http://127.0.0.1:9") as sandbox:
        assert calls.gowa(sandbox).is_success
        deadline = time.monotonic() + 10
        while not (count := sandbox.http.get("/_sandbox/health").json()["webhooks"])["dropped"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert count == {"posted": 0, "dropped": 1, "waiting": 0}


def test_without_a_receiver_an_order_says_that_nothing_is_posted(sandbox: Sandbox) -> None:
    answer = sandbox.http.post("/_sandbox/inbound", json={"channel": "telegram", "from": "42", "text": "Halo"})
    assert answer.json()["posted"] is False


def test_it_stops_soon_with_a_call_in_flight(tmp_path: Path) -> None:
    with running(tmp_path / "certificate.pem") as sandbox:
        sandbox.fault("waba", "hang")
        sandbox.http.timeout = 0.1
        with pytest.raises(Exception, match="timed out"):
            calls.meta(sandbox)
        started = time.monotonic()
        sandbox.process.terminate()
        assert sandbox.process.wait(10) == 0
        assert time.monotonic() - started < 5


def test_a_file_lists_who_receives_and_may_come_later(receiver: Hooks, tmp_path: Path) -> None:
    listed = tmp_path / "receivers.json"
    with running(tmp_path / "certificate.pem", "--receivers", str(listed)) as sandbox:
        calls.meta(sandbox)
        listed.write_text(json.dumps({f"waba/{accounts.waba('', 2)['phone_number_id']}": f"{receiver[1]}/second"}))
        calls.meta(sandbox, number=1)
        calls.waha(sandbox)
        wamid = calls.meta(sandbox, number=2).json()["messages"][0]["id"]
        hooks = receiver[0].wait_for(2)
        assert [(hook.path, _statuses(hook)["id"]) for hook in hooks] == [("/hooks/second", wamid)] * 2
        assert sandbox.http.get("/_sandbox/health").json()["webhooks"] == {"posted": 2, "dropped": 0, "waiting": 0}
