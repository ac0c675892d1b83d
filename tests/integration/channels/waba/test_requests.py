"""The requests of the channel waba, as they arrive, against Meta's published description."""

import pytest

from shared.credentials.waba import WabaCredentials
from shared.domain.content import Message, TemplateMessage
from shared.domain.outcome import Outcome, Sent, Trace
from tests.integration.channels import published
from tests.integration.channels.loopback import DELIVERY, NUMBER, Call, Reply, envelope, run, serving, wired
from tests.integration.channels.samples import MESSAGES
from tests.schemas import provider_file
from worker.channels.waba.adapter import WabaAdapter

ACCEPTED = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": NUMBER, "wa_id": "628123"}],
    "messages": [{"id": "wamid.HBg", "message_status": "accepted"}],
}
TEMPLATES = {
    "template": TemplateMessage(
        name="bill",
        language="id",
        components=(
            {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://files.example/a.png"}}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Budi", "parameter_name": "name"}]},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "42"}]},
        ),
    ),
    "template without parameters": TemplateMessage(name="hello_world", language="en_US"),
}
CONTENTS: dict[str, Message | TemplateMessage] = {**MESSAGES, **TEMPLATES}


def send(content: Message | TemplateMessage) -> tuple[Call, Outcome]:
    async def scenario() -> tuple[Call, Outcome]:
        async with serving(Reply(200, ACCEPTED)) as provider, wired() as wires:
            credentials = WabaCredentials.model_validate(
                {"phone_number_id": "106540352242922", "access_token": "EAAB", "base_url": f"{provider.base_url}/graph/"}
            )
            outcome = await WabaAdapter().send(envelope(content), credentials, wires)
            [call] = provider.calls
            return call, outcome

    return run(scenario())


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_body_is_what_meta_describes(content: Message | TemplateMessage) -> None:
    description = provider_file("waba/messages_v23.0.patched.json")
    call, outcome = send(content)
    assert isinstance(outcome, Sent)
    assert published.errors(description, "/components/schemas/Message", call.body) == []


@pytest.mark.parametrize("fault", [{"text": {"body": ""}}, {"sticker": {}}, {"type": "image"}, {"to": 628}])
def test_published_description_would_notice(fault: dict[str, object]) -> None:
    description = provider_file("waba/messages_v23.0.patched.json")
    call, _ = send(MESSAGES["text"])
    assert published.errors(description, "/components/schemas/Message", {**call.body, **fault}) != []


def test_request_names_the_number_the_token_and_the_delivery() -> None:
    call, outcome = send(MESSAGES["text"])
    assert (call.method, call.path) == ("POST", "/graph/v23.0/106540352242922/messages")
    assert call.headers["authorization"] == "Bearer EAAB"
    assert call.content_type == "application/json"
    assert call.body["to"] == NUMBER
    assert call.body["biz_opaque_callback_data"] == str(DELIVERY)
    assert outcome == Sent(
        provider_message_id="wamid.HBg",
        detail={"wa_id": "628123", "message_status": "accepted"},
        trace=Trace(request="POST /v23.0/*/messages", status=200),
    )
