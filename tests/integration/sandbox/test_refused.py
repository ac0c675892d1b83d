"""Bad requests are refused in each provider's own words, and nothing is accepted."""

import asyncio
import base64
from typing import Any

import aiosmtplib
import httpx
import pytest

from tests.integration.sandbox import calls
from tests.integration.sandbox.conftest import Sandbox

FOUR_BUTTONS = [{"type": "reply", "reply": {"id": str(number), "title": str(number)}} for number in range(4)]


@pytest.fixture(autouse=True)
def _nothing_accepted(sandbox: Sandbox) -> object:
    yield
    assert sandbox.messages() == []


@pytest.mark.parametrize(
    ("action", "fields", "named"),
    [
        ("sendText", {"text": ""}, "text"),
        ("sendText", {"text": 5}, "text"),
        ("sendText", {"chatId": None}, "chatId"),
        ("sendText", {"chatId": "ann"}, "chatId"),
        ("sendImage", {}, "file"),
        ("sendImage", {"file": {"mimetype": "image/png", "url": "ftp://x"}}, "file.url"),
        ("sendImage", {"file": {"url": "https://x.example/a.png"}}, "file.mimetype"),
        ("sendFile", {"file": {"mimetype": "image/png", "url": "https://x.example/a.png", "path": "a"}}, "file.path"),
        ("sendLocation", {"latitude": -6.2, "longitude": 106.8}, "title"),
        ("sendLocation", {"latitude": "-6.2", "longitude": 106.8, "title": "x"}, "latitude"),
        ("sendLocation", {"latitude": -96.2, "longitude": 106.8, "title": "x"}, "latitude"),
        ("sendList", {"message": {"title": "Menu", "button": "Buka", "sections": []}}, "message.sections"),
        ("sendPoll", {"poll": {"name": "x", "options": "y"}}, "poll.options"),
    ],
)
def test_waha_names_the_field(sandbox: Sandbox, action: str, fields: dict[str, Any], named: str) -> None:
    answer = calls.waha(sandbox, action, **fields)
    assert answer.status_code == 400
    assert answer.json()["message"][0].startswith(f"{named} ")
    assert answer.json()["error"] == "Bad Request"


def test_waha_refuses_keys_sessions_and_buttons(sandbox: Sandbox) -> None:
    wrong_key = calls.waha(sandbox, key="wrong")
    assert (wrong_key.status_code, wrong_key.json()) == (401, {"message": "Unauthorized", "statusCode": 401})
    unknown = calls.waha(sandbox, session="nobody")
    assert unknown.status_code == 404
    assert unknown.json()["message"].startswith("We didn't find a session with name 'nobody'.")
    assert calls.waha(sandbox, "sendButtons").json()["message"] == "The method is not implemented by the engine."
    assert calls.waha(sandbox, "sendTelepathy").status_code == 404


def test_gowa_refuses_credentials_and_devices(sandbox: Sandbox) -> None:
    wrong = calls.gowa(sandbox, password="wrong")
    assert (wrong.status_code, wrong.text) == (401, "Unauthorized")
    assert sandbox.http.post("/gowa/send/message", headers={"Authorization": "Basic %"}).status_code == 401
    auth = {"Authorization": "Basic " + base64.b64encode(b"antar:sandbox-x").decode()}
    missing = sandbox.http.post("/gowa/send/message", headers=auth)
    assert (missing.status_code, missing.json()["code"]) == (400, "DEVICE_ID_REQUIRED")
    unknown = sandbox.http.post("/gowa/send/message", headers={**auth, "X-Device-Id": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "DEVICE_NOT_FOUND")


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("message", {"message": ""}, "VALIDATION_ERROR"),
        ("message", {"phone": "ann"}, "INVALID_JID"),
        ("message", {"phone": 628111}, "VALIDATION_ERROR"),
        ("image", {"image_url": "nowhere"}, "VALIDATION_ERROR"),
        ("location", {"latitude": -6.2, "longitude": 106.8}, "VALIDATION_ERROR"),
        ("location", {"latitude": "north", "longitude": "106.8"}, "VALIDATION_ERROR"),
        ("poll", {"question": "x"}, "VALIDATION_ERROR"),
    ],
)
def test_gowa_refuses_bad_fields(sandbox: Sandbox, kind: str, fields: dict[str, Any], code: str) -> None:
    answer = calls.gowa(sandbox, kind, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"token": "wrong"}, "token invalid"),
        ({"target": "ann"}, "target invalid"),
        ({"target": ""}, "target invalid"),
        ({"message": ""}, "input invalid"),
        ({"message": "x" * 60_001}, "input invalid"),
        ({"url": "nowhere"}, "url invalid"),
    ],
)
def test_fonnte_gives_a_reason(sandbox: Sandbox, fields: dict[str, str], reason: str) -> None:
    answer = calls.fonnte(sandbox, **fields)
    assert (answer.status_code, answer.json()) == (200, {"reason": reason, "status": False})


def _interactive(kind: str, action: object, **more: object) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": "Pilih"}, "action": action, **more}}


def _rows(count: int) -> list[dict[str, str]]:
    return [{"id": str(number), "title": str(number)} for number in range(count)]


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"messaging_product": "sms"}, 131009, "messaging_product"),
        ({"to": None}, 131008, "to"),
        ({"to": "ann"}, 131009, "to"),
        ({"type": None}, 131008, "type"),
        ({"type": "telepathy"}, 131051, "Message type"),
        ({"text": "Halo"}, 131009, "text"),
        ({"text": {"body": ""}}, 131009, "text.body"),
        ({"text": {"body": "x" * 4097}}, 131009, "text.body"),
        ({"biz_opaque_callback_data": "x" * 513}, 131009, "biz_opaque_callback_data"),
        ({"recipient_type": "everyone"}, 131009, "recipient_type"),
        ({"type": "image"}, 131008, "image"),
        ({"type": "image", "image": {"link": "file:///a"}}, 131009, "image.link"),
        ({"type": "image", "image": {"link": "https://x.example", "id": "1"}}, 131009, "image.link"),
        ({"type": "image", "image": {"url": "https://x.example"}}, 131009, "image.url"),
        ({"type": "image", "image": {"id": "1", "caption": "x" * 1025}}, 131009, "image.caption"),
        ({"type": "audio", "audio": {"id": "1", "caption": "x"}}, 131009, "audio.caption"),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009, "location.latitude"),
        (_interactive("button", {"buttons": FOUR_BUTTONS}), 131009, "interactive.action.buttons"),
        (_interactive("button", {"buttons": [FOUR_BUTTONS[0]] * 2}), 131009, "interactive.action.buttons"),
        (
            _interactive("button", {"buttons": [{"reply": {"id": "1", "title": "x" * 21}}]}),
            131009,
            "interactive.action.buttons[0].reply.title",
        ),
        (_interactive("list", {"button": "Buka", "sections": [{"rows": _rows(11)}]}), 131009, "interactive.action.sections"),
        (_interactive("list", {"button": "Buka", "sections": [{"rows": _rows(1) * 2}]}), 131009, "interactive.action.sections"),
        (
            _interactive("list", {"button": "Buka", "sections": [{"rows": _rows(1)}, {"rows": []}]}),
            131009,
            "interactive.action.sections[1].rows",
        ),
        (
            _interactive("list", {"button": "B", "sections": [{"rows": _rows(1)}]}, header={"type": "image"}),
            131009,
            "interactive.header.type",
        ),
        (_interactive("cta_url", {"name": "cta", "parameters": {}}), 131009, "interactive.action.name"),
        (_interactive("flow", {}), 131009, "interactive.type"),
        (_interactive("button", {"buttons": FOUR_BUTTONS[:1]}, footer={"text": "x" * 61}), 131009, "interactive.footer.text"),
        ({"type": "template", "template": {"name": "x"}}, 131008, "template.language"),
        (
            {"type": "template", "template": {"name": "x", "language": {"code": "id"}, "components": [{"type": "footer"}]}},
            131009,
            "template.components[0].type",
        ),
        (
            {
                "type": "template",
                "template": {"name": "x", "language": {"code": "id"}, "components": [{"type": "button", "sub_type": "url"}]},
            },
            131008,
            "template.components[0].index",
        ),
    ],
)
def test_meta_names_the_parameter(sandbox: Sandbox, fields: dict[str, Any], code: int, named: str) -> None:
    answer = calls.meta(sandbox, **fields)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["error_data"]["details"].startswith(f"{named} ")


def test_meta_refuses_tokens_numbers_and_versions(sandbox: Sandbox) -> None:
    wrong_token = calls.meta(sandbox, token="wrong")
    assert (wrong_token.status_code, wrong_token.json()["error"]["code"]) == (401, 190)
    unknown = calls.meta(sandbox, number="999").json()["error"]
    assert (unknown["code"], unknown["error_subcode"]) == (100, 33)
    version = sandbox.http.post("/graph/latest/15550/messages", headers={"Authorization": "Bearer sandbox-x"})
    assert version.json()["error"]["code"] == 100
    garbled = sandbox.http.post("/graph/v23.0/15550/messages", content=b"{", headers={"Authorization": "Bearer sandbox-x"})
    assert garbled.json()["error"]["code"] == 131009


def _button(**fields: object) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": [[{"text": "Ya", **fields}]]}}


@pytest.mark.parametrize(
    ("method", "fields", "description"),
    [
        ("sendMessage", {"chat_id": ""}, "chat_id is empty"),
        ("sendMessage", {"chat_id": "ann"}, "chat not found"),
        ("sendMessage", {"text": "  "}, "message text is empty"),
        ("sendMessage", {"text": "x" * 4097}, "message is too long"),
        ("sendMessage", {"parse_mode": "bbcode"}, "unsupported parse_mode"),
        ("sendMessage", {"reply_markup": "{"}, "can't parse reply markup JSON object"),
        ("sendMessage", {"reply_markup": []}, "object expected as reply markup"),
        ("sendMessage", {"reply_markup": {"inline_keyboard": [{}]}}, 'field "inline_keyboard" of the InlineKeyboardMarkup'),
        ("sendMessage", _button(callback_data="x" * 65), "BUTTON_DATA_INVALID"),
        ("sendMessage", _button(callback_data="é" * 33), "BUTTON_DATA_INVALID"),
        ("sendMessage", _button(url="nowhere"), "BUTTON_URL_INVALID"),
        ("sendMessage", _button(), "can't parse inline keyboard button"),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "ftp://x.example/a.png"}, "wrong HTTP URL specified"),
        ("sendPhoto", {"photo": "a.png"}, "wrong remote file identifier specified"),
        ("sendPhoto", {"photo": "https://x.example/a.png", "caption": "x" * 1025}, "message caption is too long"),
        ("sendLocation", {"latitude": 1}, "longitude is empty"),
        ("sendLocation", {"latitude": 91, "longitude": 1}, "wrong latitude specified"),
        ("sendVenue", {"latitude": 1, "longitude": 1, "title": "x"}, "address is empty"),
        ("sendMediaGroup", {"media": []}, "wrong number of media"),
    ],
)
def test_telegram_says_what_is_wrong(sandbox: Sandbox, method: str, fields: dict[str, Any], description: str) -> None:
    answer = calls.telegram(sandbox, method, **fields)
    assert (answer.status_code, answer.json()["ok"], answer.json()["error_code"]) == (400, False, 400)
    assert answer.json()["description"].startswith(f"Bad Request: {description}")


@pytest.mark.parametrize(
    ("method", "token", "status", "description"),
    [
        ("sendMessage", "123:AAAA", 401, "Unauthorized"),
        ("sendMessage", "nonsense", 404, "Not Found"),
        ("sendTelepathy", None, 404, "Not Found: method not found"),
    ],
)
def test_telegram_refuses_tokens_and_methods(
    sandbox: Sandbox, method: str, token: str | None, status: int, description: str
) -> None:
    answer = calls.telegram(sandbox, method, token=token)
    assert (answer.status_code, answer.json()["description"]) == (status, description)


def test_telegram_refuses_what_is_no_object(sandbox: Sandbox) -> None:
    headers = {"Content-Type": "application/json"}
    answers: list[httpx.Response] = [
        sandbox.http.post("/telegram/bot1:sandbox-x/sendMessage", content=content, headers=headers) for content in (b"{", b"[]")
    ]
    assert [answer.status_code for answer in answers] == [400, 400]


def test_email_wants_the_right_password(sandbox: Sandbox) -> None:
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as error:
        calls.mail({**sandbox.mailer(), "password": "wrong"})
    assert error.value.code == 535


async def _unauthenticated(port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        await client.send_message(calls.letter())


async def _say_without_encryption(port: int, *command: bytes) -> int:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        await client.ehlo()
        return (await client.execute_command(*command)).code


def test_email_wants_a_login(sandbox: Sandbox) -> None:
    with pytest.raises(aiosmtplib.SMTPSenderRefused) as error:
        asyncio.run(_unauthenticated(sandbox.ports["smtp"]))
    assert (error.value.code, error.value.message) == (530, "5.7.0 Authentication required")


def test_the_submission_port_wants_encryption_first(sandbox: Sandbox) -> None:
    assert asyncio.run(_say_without_encryption(sandbox.ports["submission"], b"AUTH", b"PLAIN", b"AGEAc2FuZGJveC1i")) == 530


def test_email_has_a_size_limit(sandbox: Sandbox) -> None:
    with pytest.raises(aiosmtplib.SMTPSenderRefused) as error:
        calls.mail(sandbox.mailer(), calls.letter(text=("x" * 70 + "\n") * 160_000))
    assert error.value.code == 552


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("faults", {"channel": "sms", "kind": "outage"}, "channel"),
        ("faults", {"channel": "waba"}, "kind"),
        ("faults", {"channel": "waba", "kind": "gremlin"}, "kind"),
        ("faults", {"channel": "waba", "kind": "recipient", "code": "soon"}, "code"),
        ("faults", {"channel": "telegram", "kind": "recipient", "code": "999"}, "code"),
        ("faults", {"channel": "email", "kind": "recipient", "code": "250 2.0.0"}, "code"),
        ("faults", {"channel": "waba", "kind": "slow", "latency_ms": "long"}, "latency_ms"),
        ("faults", [], "body"),
        ("settings", {"auto_receipts": "yes"}, "auto_receipts"),
        ("sessions", {"status": "ASLEEP"}, "status"),
        ("settings", {"latency": 5}, "latency"),
        ("inbound", {"channel": "email", "from": "1", "text": "x"}, "channel"),
        ("inbound", {"channel": "waba", "from": "ann", "text": "x"}, "from"),
        ("receipts", {"provider_message_id": "x", "status": "eaten"}, "status"),
    ],
)
def test_a_bad_order_names_the_field(sandbox: Sandbox, path: str, body: object, field: str) -> None:
    answer = sandbox.http.post(f"/_sandbox/{path}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert answer.json()["error"].startswith(f"{field}: ")


def test_an_unknown_channel_and_message_are_named(sandbox: Sandbox) -> None:
    assert sandbox.http.get("/_sandbox/messages", params={"channel": "sms"}).json()["field"] == "channel"
    unknown = sandbox.http.post("/_sandbox/receipts", json={"provider_message_id": "x", "status": "read"})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "provider_message_id")
