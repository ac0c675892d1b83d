"""What becomes known later: by Meta's webhooks, and by asking WAHA."""

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy
from sqlalchemy import func, insert, select

from shared import ids
from shared.db.tables import inbox
from tests.acceptance.backend import Backend, await_true, deliveries

_LARGEST = 3 * 1024 * 1024

Json = dict[str, Any]


@pytest.fixture
def secrets(demo_account: Json) -> Json:
    waba: Json = demo_account["waba"]
    return waba


@pytest.fixture
def address(demo_account: Json) -> str:
    return f"/v1/receipts/waba/{demo_account['key_ids']['waba']}"


def webhook(name: str, delivery_id: str, **more: Any) -> bytes:
    """Write a webhook about a delivery, by its id as the api shows it."""
    status = {"id": "wamid.1", "status": name, "biz_opaque_callback_data": str(ids.decode(ids.DELIVERY, delivery_id))}
    return json.dumps({"entry": [{"changes": [{"value": {"statuses": [status]}}]}], **more}).encode()


def signature(body: bytes, secret: str) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def post(backend: Backend, address: str, body: Any, signed: str | None) -> httpx.Response:
    return backend.http.post(address, content=body, headers={} if signed is None else {"X-Hub-Signature-256": signed})


def lose_an_answer(backend: Backend, channel: str, kind: str = "drop_after") -> tuple[str, str]:
    """Send a message whose provider hangs up, and give the send and the recipient."""
    body = backend.send({channel: 0})
    recipient = body["target"][channel]
    backend.fault(channel, kind, to=recipient)
    answer = backend.post(body)
    assert answer.status_code in {200, 202}, answer.text
    return answer.json()["id"], recipient


def delivery(backend: Backend, send_id: str, channel: str = "waba") -> Json:
    return deliveries(backend.look_up(send_id))[channel]


def kinds(backend: Backend, send_id: str) -> list[str]:
    return [entry["kind"] for entry in backend.look_up(send_id)["timeline"]]


def waiting(database: sqlalchemy.Engine) -> int:
    with database.connect() as connection:
        return connection.execute(select(func.count()).select_from(inbox)).scalar_one()


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_meta_s_webhook_tells_that_an_unknown_message_was_sent(backend: Backend) -> None:
    send_id, recipient = lose_an_answer(backend, "waba")
    assert backend.ended(send_id)["state"] == "unknown"
    (message,) = backend.received("waba", recipient)
    order = {"provider_message_id": message["provider_message_id"], "status": "delivered"}
    assert backend.sandbox.post("/_sandbox/receipts", json=order).status_code == 202
    await_true(lambda: backend.look_up(send_id)["state"] == "sent")
    found = delivery(backend, send_id)
    assert (found["state"], found["receipt"]) == ("sent", "delivered")
    assert "resolved.sent" in kinds(backend, send_id)


def test_receipts_that_follow_by_themselves_do(backend: Backend) -> None:
    send_id, _ = lose_an_answer(backend, "waba")
    await_true(lambda: backend.look_up(send_id)["state"] == "sent")
    await_true(lambda: delivery(backend, send_id)["receipt"] == "delivered")


def test_an_accepted_message_has_its_receipt(backend: Backend) -> None:
    send_id = backend.post(backend.send({"waba": 0})).json()["id"]
    await_true(lambda: delivery(backend, send_id)["receipt"] == "delivered")
    assert delivery(backend, send_id)["state"] == "sent"


def test_each_account_hears_of_its_own(stranger: Backend) -> None:
    send_id = stranger.post(stranger.send({"waba": 0})).json()["id"]
    await_true(lambda: delivery(stranger, send_id)["receipt"] == "delivered")


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_meta_s_webhook_tells_that_an_unknown_message_failed_and_the_send_with_it(backend: Backend) -> None:
    send_id, recipient = lose_an_answer(backend, "waba")
    backend.ended(send_id)
    (message,) = backend.received("waba", recipient)
    order = {"provider_message_id": message["provider_message_id"], "status": "failed", "code": 131026}
    assert backend.sandbox.post("/_sandbox/receipts", json=order).status_code == 202
    await_true(lambda: backend.look_up(send_id)["state"] == "failed")
    assert delivery(backend, send_id)["code"] == "recipient_unreachable"


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_waha_is_asked_for_a_message_that_may_have_been_sent(backend: Backend) -> None:
    send_id, recipient = lose_an_answer(backend, "whatsapp")
    assert backend.ended(send_id)["state"] == "unknown"
    await_true(lambda: backend.look_up(send_id)["state"] == "sent")
    (message,) = backend.received("whatsapp", recipient)
    assert delivery(backend, send_id, "whatsapp")["provider_message_id"] == message["provider_message_id"]
    assert "resolved.sent" in kinds(backend, send_id)


def test_meta_is_answered_its_challenge(backend: Backend, address: str, secrets: Json) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": secrets["verify_token"], "hub.challenge": "1158201444"}
    answer = backend.http.get(address, params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "changes",
    [
        {"hub.verify_token": "wrong"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "\N{SNOWMAN}"},
        {"hub.mode": "unsubscribe"},
    ],
)
def test_others_are_not(backend: Backend, address: str, secrets: Json, changes: Json) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": secrets["verify_token"], "hub.challenge": "1158201444", **changes}
    assert backend.http.get(address, params=query).status_code == 403
    assert backend.http.get(address).status_code == 403


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_what_meta_has_not_signed_leaves_no_trace(
    backend: Backend, address: str, secrets: Json, database: sqlalchemy.Engine
) -> None:
    send_id, _ = lose_an_answer(backend, "waba")
    backend.ended(send_id)
    await_true(lambda: waiting(database) == 0)
    body = webhook("read", delivery(backend, send_id)["id"])
    good = signature(body, secrets["app_secret"])
    wrong = [
        None,
        "",
        "sha256=",
        good.removeprefix("sha256="),
        good.upper(),
        good[:-1],
        signature(body, "other"),
        "\xe9",
    ]
    answers = [backend.http.post(address, content=body, headers=_header(each)).status_code for each in wrong]
    altered = post(backend, address, body + b" ", good).status_code
    assert {*answers, altered} == {401}
    assert waiting(database) == 0
    assert delivery(backend, send_id)["state"] == "unknown"
    assert post(backend, address, body, good).status_code == 200
    await_true(lambda: delivery(backend, send_id)["state"] == "sent")


def _header(signed: str | None) -> list[tuple[bytes, bytes]]:
    return [] if signed is None else [(b"X-Hub-Signature-256", signed.encode("latin-1"))]


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "email", None])
def test_only_a_waba_key_has_an_address(backend: Backend, demo_account: Json, secrets: Json, channel: str | None) -> None:
    key = demo_account["key_ids"][channel] if channel else ids.encode(ids.KEY, ids.new())
    for written in (key, key[:-1], "key_", demo_account["keys"]["waba"]):
        answer = post(backend, f"/v1/receipts/waba/{written}", b"{}", signature(b"{}", secrets["app_secret"]))
        assert answer.status_code == 401


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_another_account_s_webhook_changes_nothing(
    backend: Backend, demo_account: Json, secrets: Json, database: sqlalchemy.Engine
) -> None:
    send_id, _ = lose_an_answer(backend, "waba")
    backend.ended(send_id)
    body = webhook("read", delivery(backend, send_id)["id"])
    theirs = f"/v1/receipts/waba/{demo_account['second_account']['key_ids']['waba']}"
    assert post(backend, theirs, body, signature(body, secrets["app_secret"])).status_code == 200
    await_true(lambda: waiting(database) == 0)
    found = delivery(backend, send_id)
    assert (found["state"], found["receipt"]) == ("unknown", None)


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_a_webhook_may_be_as_large_as_meta_s(backend: Backend, address: str, secrets: Json) -> None:
    send_id, _ = lose_an_answer(backend, "waba")
    backend.ended(send_id)
    identifier = delivery(backend, send_id)["id"]
    empty = len(webhook("read", identifier, padding=""))
    body = webhook("read", identifier, padding="x" * (_LARGEST - empty))
    assert len(body) == _LARGEST
    assert post(backend, address, body + b" ", signature(body + b" ", secrets["app_secret"])).status_code == 413
    assert post(backend, address, iter([body, b" "]), signature(body + b" ", secrets["app_secret"])).status_code == 413
    assert delivery(backend, send_id)["state"] == "unknown"
    assert post(backend, address, iter([body]), signature(body, secrets["app_secret"])).status_code == 200
    await_true(lambda: delivery(backend, send_id)["state"] == "sent")


def test_sends_may_not_be_as_large(backend: Backend) -> None:
    headers = {"Authorization": f"Bearer {backend.token}", "Content-Type": "application/json"}
    assert backend.http.post("/v1/send", content=b" " * 300_000, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\x00", b'{"entry": [{"changes": [{"value": {"statuses": ["\\u0000\\ud800"]}}]}]}']
)
def test_whatever_is_signed_is_taken(
    backend: Backend, address: str, secrets: Json, database: sqlalchemy.Engine, body: bytes
) -> None:
    assert post(backend, address, body, signature(body, secrets["app_secret"])).status_code == 200
    await_true(lambda: waiting(database) == 0)


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_a_webhook_whose_task_was_lost_is_handled(backend: Backend, demo_account: Json, database: sqlalchemy.Engine) -> None:
    send_id, _ = lose_an_answer(backend, "waba")
    backend.ended(send_id)
    key_id: UUID | None = ids.decode(ids.KEY, demo_account["key_ids"]["waba"])
    long_ago = func.now() - sqlalchemy.text("interval '1 hour'")
    row = {"id": ids.new(), "key_id": key_id, "provider": "waba", "body": webhook("read", delivery(backend, send_id)["id"])}
    with database.begin() as connection:
        connection.execute(insert(inbox).values(**row, published_at=long_ago))
    await_true(lambda: delivery(backend, send_id)["state"] == "sent")
    await_true(lambda: waiting(database) == 0)
