"""What is accepted is answered as the provider answers, and listed."""

from datetime import datetime
from typing import Any

import httpx
import jsonschema
import pytest

from deploy.local.sandbox import accounts
from tests import schemas
from tests.integration.sandbox import calls
from tests.integration.sandbox.conftest import Sandbox


def _valid(instance: Any, document: dict[str, Any], pointer: str) -> None:
    jsonschema.Draft202012Validator({"$ref": pointer, **document}).validate(instance)


@pytest.mark.parametrize("provider", calls.HTTP)
def test_a_good_request_is_accepted_and_listed(sandbox: Sandbox, provider: str) -> None:
    channel, to, send = calls.HTTP[provider]
    assert send(sandbox).is_success
    (message,) = sandbox.messages(channel=channel, to=to)
    assert (message["channel"], message["provider"], message["to"], message["body"]) == (channel, provider, to, "Halo")
    assert message["type"] == "text"
    assert message["provider_message_id"]
    assert message["delivery_id"] is None
    started, received = (datetime.fromisoformat(message[name]) for name in ("started_at", "received_at"))
    assert started <= received


def test_waha_answers_the_message_and_remembers_it(sandbox: Sandbox) -> None:
    answer = calls.waha(sandbox, id=f"3EB0{calls.DELIVERY.hex.upper()}")
    assert answer.status_code == 201
    _valid(answer.json(), schemas.provider_file("waha/delivery.patched.json"), "#/components/schemas/WAMessage")
    (message,) = sandbox.messages()
    assert message["delivery_id"] == str(calls.DELIVERY)
    assert message["provider_message_id"] == answer.json()["id"] == f"true_628111000111@c.us_3EB0{calls.DELIVERY.hex.upper()}"
    assert message["raw"]["text"] == "Halo"
    path = f"/waha/api/default/chats/628111000111@c.us/messages/3EB0{calls.DELIVERY.hex.upper()}"
    found = sandbox.http.get(path, headers={"X-Api-Key": "sandbox-waha-1"})
    assert found.json()["id"] == answer.json()["id"]
    assert sandbox.http.get(path + "0", headers={"X-Api-Key": "sandbox-waha-1"}).status_code == 404


def test_waha_tells_about_sessions_numbers_and_ids(sandbox: Sandbox) -> None:
    document = schemas.provider_file("waha/delivery.patched.json")
    key = {"X-Api-Key": "sandbox-waha-1"}
    session = sandbox.http.get("/waha/api/sessions/default", headers=key).json()
    assert session["status"] == "WORKING"
    exists = sandbox.http.get("/waha/api/contacts/check-exists", params={"phone": calls.NUMBER, "session": "default"}, headers=key)
    assert exists.json() == {"numberExists": True, "chatId": f"{calls.NUMBER}@c.us"}
    new_id = sandbox.http.get("/waha/api/default/new-message-id", headers=key).json()
    _valid(new_id, document, "#/components/schemas/NewMessageIDResponse")
    sandbox.fault("whatsapp", "recipient", to=calls.NUMBER)
    sandbox.fault("whatsapp", "device")
    gone = sandbox.http.get("/waha/api/contacts/check-exists", params={"phone": calls.NUMBER}, headers=key)
    assert gone.json() == {"numberExists": False}
    assert sandbox.http.get("/waha/api/sessions/default", headers=key).json()["status"] == "SCAN_QR_CODE"


@pytest.mark.parametrize(
    ("action", "fields", "body"),
    [
        ("sendImage", {"file": {"mimetype": "image/png", "url": "https://x.example/a.png"}, "caption": "Foto"}, "Foto"),
        ("sendFile", {"file": {"mimetype": "application/pdf", "data": "JVBERg==", "filename": "a.pdf"}}, ""),
        ("sendVideo", {"file": {"mimetype": "video/mp4", "url": "https://x.example/a.mp4"}}, ""),
        ("sendLocation", {"latitude": -6.2, "longitude": 106.8, "title": "Kantor"}, "Kantor"),
        ("sendPoll", {"poll": {"name": "Setuju?", "options": ["Ya", "Tidak"], "multipleAnswers": False}}, "Setuju?"),
        (
            "sendList",
            {
                "message": {
                    "title": "Menu",
                    "description": "Pilih",
                    "button": "Buka",
                    "sections": [{"title": "A", "rows": [{"title": "Satu", "rowId": "1"}]}],
                }
            },
            "Menu\nPilih",
        ),
    ],
)
def test_waha_takes_other_kinds(sandbox: Sandbox, action: str, fields: dict[str, Any], body: str) -> None:
    answer = calls.waha(sandbox, action, **fields)
    assert answer.status_code == 201, answer.text
    assert answer.json()["hasMedia"] is ("file" in fields)
    assert sandbox.messages()[0]["body"] == body


@pytest.mark.parametrize(
    ("kind", "fields", "body"),
    [
        ("location", {"latitude": "-6.2", "longitude": "106.8"}, "-6.2,106.8"),
        ("image", {"image_url": "https://x.example/a.png", "caption": "Foto"}, "Foto"),
        ("link", {"link": "https://x.example", "caption": "Lihat"}, "Lihat\nhttps://x.example"),
        ("poll", {"question": "Setuju?", "options": ["Ya"], "max_answer": 1}, "Setuju?"),
    ],
)
def test_gowa_takes_other_kinds(sandbox: Sandbox, kind: str, fields: dict[str, Any], body: str) -> None:
    answer = calls.gowa(sandbox, kind, **fields)
    assert answer.json()["code"] == "SUCCESS", answer.text
    (message,) = sandbox.messages()
    assert (message["body"], message["provider_message_id"]) == (body, answer.json()["results"]["message_id"])


def test_gowa_takes_an_upload(sandbox: Sandbox) -> None:
    headers = {"X-Device-Id": "default"}
    files = {"file": ("a.pdf", b"%PDF", "application/pdf")}
    answer = sandbox.http.post(
        "/gowa/send/file", data={"phone": calls.NUMBER}, files=files, auth=("antar", "sandbox-gowa-1"), headers=headers
    )
    assert answer.status_code == 200, answer.text
    assert sandbox.messages()[0]["raw"]["file"] == {"filename": "a.pdf", "content_type": "application/pdf", "size": 4}


def test_the_gateways_tell_whether_the_device_is_linked(sandbox: Sandbox) -> None:
    def states() -> tuple[bool, str]:
        status = sandbox.http.get("/gowa/app/status", auth=("antar", "sandbox-gowa-1"), headers={"X-Device-Id": "default"})
        device = sandbox.http.post("/fonnte/device", headers={"Authorization": "sandbox-fonnte-1"})
        return status.json()["results"]["is_logged_in"], device.json()["device_status"]

    assert states() == (True, "connect")
    sandbox.fault("whatsapp", "device")
    assert states() == (False, "disconnect")


def test_fonnte_replaces_a_leading_zero(sandbox: Sandbox) -> None:
    answer = calls.fonnte(sandbox, target="08111000111").json()
    assert answer["status"] is True
    assert answer["target"] == [calls.NUMBER]
    assert answer["id"] == [sandbox.messages(to=calls.NUMBER)[0]["provider_message_id"]]


def test_meta_answers_as_its_document_says(sandbox: Sandbox) -> None:
    answer = calls.meta(sandbox, biz_opaque_callback_data=str(calls.DELIVERY), to=f"+{calls.NUMBER}").json()
    _valid(answer, schemas.provider_file("waba/messages_v23.0.patched.json"), "#/components/schemas/MessageResponsePayload")
    assert answer["contacts"] == [{"input": f"+{calls.NUMBER}", "wa_id": calls.NUMBER}]
    (message,) = sandbox.messages(channel="waba")
    assert message["delivery_id"] == str(calls.DELIVERY)
    assert message["provider_message_id"] == answer["messages"][0]["id"]
    assert message["sender"] == accounts.waba("")["phone_number_id"]


def _interactive(kind: str, action: object, **more: object) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": "Pilih"}, "action": action, **more}}


REPLY = {"type": "reply", "reply": {"id": "1", "title": "Ya"}}
LIST = {"button": "Buka", "sections": [{"rows": [{"id": "1", "title": "Satu", "description": "Pertama"}]}]}
TEMPLATE = {
    "name": "order_update",
    "language": {"code": "id"},
    "components": [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://x.example/a.png"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ann"}, {"type": "text", "text": "A-1"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "p"}]},
    ],
}


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"type": "image", "image": {"link": "https://x.example/a.png", "caption": "Foto"}}, "Foto"),
        ({"type": "document", "document": {"id": "17", "filename": "a.pdf"}}, ""),
        ({"type": "location", "location": {"latitude": -6.2, "longitude": "106.8", "name": "Kantor"}}, "Kantor"),
        (_interactive("button", {"buttons": [REPLY]}, footer={"text": "Antar"}), "Pilih"),
        (_interactive("list", LIST, header={"type": "text", "text": "Menu"}), "Pilih"),
        (_interactive("cta_url", {"name": "cta_url", "parameters": {"display_text": "Buka", "url": "https://x.example"}}), "Pilih"),
        ({"type": "template", "template": TEMPLATE}, "order_update\nAnn\nA-1"),
    ],
)
def test_meta_takes_other_types(sandbox: Sandbox, fields: dict[str, Any], body: str) -> None:
    answer = calls.meta(sandbox, **fields)
    assert answer.status_code == 200, answer.text
    assert sandbox.messages()[0]["body"] == body


def test_meta_marks_as_read_without_a_message(sandbox: Sandbox) -> None:
    assert calls.meta(sandbox, status="read", message_id="wamid.1").json() == {"success": True}
    assert sandbox.messages() == []


def test_meta_describes_numbers_and_templates(sandbox: Sandbox) -> None:
    token = {"Authorization": "Bearer sandbox-meta-1"}
    number = accounts.waba("")["phone_number_id"]
    assert sandbox.http.get(f"/graph/v23.0/{number}", headers=token).json()["id"] == number
    templates = sandbox.http.get(f"/graph/v23.0/{accounts.WABA_ID}/message_templates", headers=token).json()["data"]
    assert {"hello_world", "order_update"} == {template["name"] for template in templates}
    assert sandbox.http.get("/graph/v23.0/1/message_templates", headers=token).json()["error"]["error_subcode"] == 33


TELEGRAM: dict[str, dict[str, Any]] = {
    "sendMessage": {"reply_markup": {"inline_keyboard": [[{"text": "Ya", "callback_data": "1"}]]}},
    "sendPhoto": {"photo": "https://x.example/a.png", "caption": "Foto"},
    "sendVideo": {"video": "https://x.example/a.mp4"},
    "sendAnimation": {"animation": "https://x.example/a.gif"},
    "sendDocument": {"document": "BQACAgIAAxkDAAM1"},
    "sendAudio": {"audio": "https://x.example/a.mp3"},
    "sendVoice": {"voice": "https://x.example/a.ogg"},
    "sendVideoNote": {"video_note": "DQACAgIAAxkDAAM1"},
    "sendSticker": {"sticker": "CAACAgIAAxkDAAM1"},
    "sendLocation": {"latitude": -6.2, "longitude": 106.8},
    "sendVenue": {"latitude": -6.2, "longitude": 106.8, "title": "Kantor", "address": "Jl. Sudirman 1"},
    "sendContact": {"phone_number": "+628111", "first_name": "Ann"},
    "sendDice": {},
}


@pytest.mark.parametrize("method", TELEGRAM)
def test_telegram_answers_the_message(sandbox: Sandbox, method: str) -> None:
    answer = calls.telegram(sandbox, method, **TELEGRAM[method])
    assert answer.json()["ok"] is True, answer.text
    (message,) = sandbox.messages(channel="telegram", to=calls.CHAT)
    result = answer.json()["result"]
    assert message["provider_message_id"] == f"{calls.CHAT}:{result['message_id']}"
    _valid(result, schemas.provider_file("telegram/bot-api_10.1.schema.json"), "#/$defs/Message")


def test_telegram_takes_forms_and_uploads(sandbox: Sandbox) -> None:
    path = f"/telegram/bot{accounts.telegram('')['bot_token']}"
    keyboard = '{"inline_keyboard": [[{"text": "Buka", "url": "https://x.example"}]]}'
    form = {"chat_id": calls.CHAT, "text": "Halo", "reply_markup": keyboard}
    assert sandbox.http.post(f"{path}/sendMessage", data=form).json()["ok"] is True
    files = {"document": ("a.pdf", b"%PDF", "application/pdf")}
    upload = sandbox.http.post(f"{path}/SENDDOCUMENT", data={"chat_id": calls.CHAT, "caption": "Nota"}, files=files)
    assert upload.json()["result"]["caption"] == "Nota"
    assert sandbox.http.get(f"{path}/sendMessage", params=form).json()["ok"] is True
    assert [message["body"] for message in sandbox.messages()] == ["Halo", "Nota", "Halo"]


def test_telegram_takes_an_album_a_channel_and_a_group(sandbox: Sandbox) -> None:
    media = [
        {"type": "photo", "media": "https://x.example/1.png", "caption": "Satu"},
        {"type": "photo", "media": "https://x.example/2.png"},
    ]
    album = calls.telegram(sandbox, "sendMediaGroup", media=media).json()["result"]
    assert len({message["message_id"] for message in album}) == 2
    assert calls.telegram(sandbox, chat_id="@antar_news").json()["result"]["chat"]["type"] == "channel"
    assert calls.telegram(sandbox, chat_id=-100123).json()["result"]["chat"]["type"] == "supergroup"
    assert len(sandbox.messages()) == 3


@pytest.mark.parametrize("method", ["setWebhook", "deleteWebhook", "sendChatAction"])
def test_telegram_agrees_to_what_sends_nothing(sandbox: Sandbox, method: str) -> None:
    assert calls.telegram(sandbox, method).json() == {"ok": True, "result": True}
    assert sandbox.messages() == []


def test_telegram_introduces_the_bot(sandbox: Sandbox) -> None:
    user = calls.telegram(sandbox, "getMe").json()["result"]
    assert (user["id"], user["is_bot"]) == (7_000_000_001, True)
    _valid(user, schemas.provider_file("telegram/bot-api_10.1.schema.json"), "#/$defs/User")
    assert calls.telegram(sandbox, "getWebhookInfo").json()["result"]["url"] == ""


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_email_is_accepted_and_listed(sandbox: Sandbox, security: str) -> None:
    reply = calls.mail(sandbox.mailer(security=security), certificate=str(sandbox.certificate))
    assert "queued as" in reply
    (message,) = sandbox.messages(channel="email", to="ANN@test.example")
    assert (message["to"], message["body"]) == (calls.MAILBOX, "Hello\n\nDear Ann")
    assert message["delivery_id"] == str(calls.DELIVERY)
    assert message["provider_message_id"] == f"<{calls.DELIVERY.hex}@sandbox.example>"
    assert message["raw"].startswith("From: hello-1@sandbox.example")


def test_a_second_account_has_its_own_sender(sandbox: Sandbox) -> None:
    calls.mail(sandbox.mailer(2))
    calls.meta(sandbox, number=2, token="sandbox-meta-2")
    senders = [message["sender"] for message in sandbox.messages()]
    assert senders == ["mailer-2@sandbox.example", accounts.waba("", 2)["phone_number_id"]]


def test_counting_and_clearing(sandbox: Sandbox) -> None:
    for _ in range(2):
        calls.meta(sandbox, biz_opaque_callback_data=str(calls.DELIVERY))
    calls.telegram(sandbox)
    count = sandbox.http.get("/_sandbox/count").json()
    assert count == {"count": 3, "by_channel": {"waba": 2, "telegram": 1}, "distinct_delivery_ids": 1}
    assert sandbox.http.delete("/_sandbox/messages").json() == {"deleted": 3}
    assert sandbox.messages() == []


def test_health(sandbox: Sandbox) -> None:
    answer: httpx.Response = sandbox.http.get("/_sandbox/health")
    assert answer.json() == {"status": "ok", "faults": 0, "webhooks": None}
