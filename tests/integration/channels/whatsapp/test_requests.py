"""The requests of the channel whatsapp, as they arrive, against the gateways' published descriptions."""

from base64 import b64decode

import pytest

from shared.domain.content import Message
from shared.domain.outcome import Sent, Trace
from tests.integration.channels import published
from tests.integration.channels.loopback import DELIVERY, NUMBER, Call, Reply
from tests.integration.channels.samples import LIST, MESSAGES, message
from tests.integration.channels.whatsapp.sending import send
from tests.schemas import provider_file
from worker.channels.whatsapp import message_ids

WAHA_ACCEPTED = Reply(201, {"id": f"true_{NUMBER}@c.us_{message_ids.message_id(DELIVERY)}", "ack": 0, "fromMe": True})
GOWA_ACCEPTED = Reply(
    200, {"code": "SUCCESS", "message": "sent", "results": {"message_id": "3EB0B430B6F8F1D0E053", "status": "ok"}}
)
FONNTE_ACCEPTED = Reply(
    200,
    {"detail": "success! message in queue", "id": ["80367170"], "process": "pending", "status": True, "target": [NUMBER]},
)
WAHA_SCHEMAS = {
    "sendText": "MessageTextRequest",
    "sendImage": "MessageImageRequest",
    "sendVideo": "MessageVideoRequest",
    "sendFile": "MessageFileRequest",
    "sendVoice": "MessageVoiceRequest",
    "sendLocation": "MessageLocationRequest",
}


def posted(gateway: str, content: Message, reply: Reply, target: str = NUMBER) -> Call:
    calls, outcome = send(gateway, content, reply, target=target)
    assert isinstance(outcome, Sent)
    [call] = calls
    assert call.method == "POST"
    return call


@pytest.mark.parametrize("content", MESSAGES.values(), ids=MESSAGES)
def test_body_is_what_waha_describes(content: Message) -> None:
    description = provider_file("waha/delivery.patched.json")
    call = posted("waha", content, WAHA_ACCEPTED)
    schema = WAHA_SCHEMAS[call.path.removeprefix("/wa/api/")]
    assert published.errors(description, f"/components/schemas/{schema}", call.body) == []
    assert set(call.body) <= set(description["components"]["schemas"][schema]["properties"])


@pytest.mark.parametrize("content", MESSAGES.values(), ids=MESSAGES)
def test_body_is_what_gowa_describes(content: Message) -> None:
    description = provider_file("gowa/openapi_9.0.0.yaml")
    call = posted("gowa", content, GOWA_ACCEPTED)
    path = call.path.removeprefix("/wa")
    taken = description["paths"][path]["post"]["requestBody"]["content"]
    assert call.content_type in taken
    pointer = f"/paths/{path.replace('/', '~1')}/post/requestBody/content/{call.content_type.replace('/', '~1')}/schema"
    assert published.errors(description, pointer, call.body) == []
    assert set(call.body) <= set(taken[call.content_type]["schema"]["properties"])


@pytest.mark.parametrize("content", MESSAGES.values(), ids=MESSAGES)
def test_body_is_what_fonnte_documents(content: Message) -> None:
    call = posted("fonnte", content, FONNTE_ACCEPTED)
    assert (call.path, call.content_type) == ("/wa/send", "application/x-www-form-urlencoded")
    assert set(call.body) <= {"target", "message", "url", "filename", "location", "countryCode", "connectOnly"}
    assert call.headers["authorization"] == "sUqjkKH+UG+@3SmnKrhz"


def test_waha_is_given_its_key_session_and_the_delivery_s_message_id() -> None:
    calls, outcome = send("waha", MESSAGES["text"], WAHA_ACCEPTED)
    [call] = calls
    assert call.headers["x-api-key"] == "secret"
    assert call.body == {
        "session": "sales",
        "chatId": f"{NUMBER}@c.us",
        "id": "3EB00192F3A45B6C7D8E9F0123456789ABC1",
        "text": "Selamat pagi, dunia 👋 https://example.com",
    }
    assert outcome == Sent(
        provider_message_id=f"true_{NUMBER}@c.us_3EB00192F3A45B6C7D8E9F0123456789ABC1",
        trace=Trace(request="POST /api/sendText", status=201),
    )
    assert message_ids.delivery_id(str(outcome.provider_message_id)) == DELIVERY


def test_waha_s_session_is_default_unless_told() -> None:
    [call], _ = send("waha", MESSAGES["text"], WAHA_ACCEPTED, session=None)
    assert call.body["session"] == "default"


def test_gowa_is_given_basic_credentials_and_the_device() -> None:
    calls, outcome = send("gowa", MESSAGES["image"], GOWA_ACCEPTED)
    [call] = calls
    assert b64decode(call.headers["authorization"].removeprefix("Basic ")) == b"admin:se:cret"
    assert call.headers["x-device-id"] == "device-1"
    assert call.body == {"phone": f"{NUMBER}@s.whatsapp.net", "caption": "Hello", "image_url": "https://files.example/a.png"}
    assert outcome == Sent(
        provider_message_id="3EB0B430B6F8F1D0E053",
        trace=Trace(request="POST /send/image", status=200, provider_code="SUCCESS"),
    )


def test_gowa_s_only_device_needs_no_name() -> None:
    [call], _ = send("gowa", MESSAGES["text"], GOWA_ACCEPTED, session=None)
    assert "x-device-id" not in call.headers


def test_gowa_is_given_coordinates_as_strings() -> None:
    call = posted("gowa", MESSAGES["location"], GOWA_ACCEPTED)
    assert call.body == {"phone": f"{NUMBER}@s.whatsapp.net", "latitude": "-6.2", "longitude": "106.816666"}


def test_fonnte_is_given_the_number_as_it_is_and_no_message_for_a_dead_device() -> None:
    calls, outcome = send("fonnte", MESSAGES["document"], FONNTE_ACCEPTED)
    [call] = calls
    assert call.body == {
        "target": NUMBER,
        "countryCode": "0",
        "connectOnly": "true",
        "message": "Hello",
        "url": "https://files.example/a/b%20c.pdf",
        "filename": "Bill.pdf",
    }
    assert outcome == Sent(
        provider_message_id="80367170",
        detail={"process": "pending", "detail": "success! message in queue"},
        trace=Trace(request="POST /send", status=200),
    )


def test_fonnte_is_given_a_place_as_a_pair() -> None:
    assert posted("fonnte", MESSAGES["location"], FONNTE_ACCEPTED).body["location"] == "-6.2,106.816666"


@pytest.mark.parametrize(
    ("gateway", "reply", "name"),
    [("waha", WAHA_ACCEPTED, "text"), ("gowa", GOWA_ACCEPTED, "message"), ("fonnte", FONNTE_ACCEPTED, "message")],
)
def test_what_could_be_tapped_elsewhere_is_numbered(gateway: str, reply: Reply, name: str) -> None:
    rows = [[{"text": "Yes"}, {"text": "Pay", "url": "https://pay.example"}], [{"text": "No"}]]
    content = message("interactive", "Choose", footer="Antar", buttons=rows, listMessage=LIST)
    call = posted(gateway, content, reply)
    assert call.body[name] == ("Choose\n\nAntar\n\n1. Yes\n2. No\n3. Soto - with rice\n4. Rawon\n5. Tea\nPay: https://pay.example")


@pytest.mark.parametrize("chat", ["120363042@g.us", "6281-1600@g.us", "99887766@lid"])
@pytest.mark.parametrize(
    ("gateway", "reply", "name"),
    [("waha", WAHA_ACCEPTED, "chatId"), ("gowa", GOWA_ACCEPTED, "phone"), ("fonnte", FONNTE_ACCEPTED, "target")],
)
def test_chat_s_own_id_stays_as_it_is(gateway: str, reply: Reply, name: str, chat: str) -> None:
    assert posted(gateway, MESSAGES["text"], reply, target=chat).body[name] == chat
