import asyncio
import json
from typing import Any

import jsonschema
import pytest

from shared.domain.outcome import Code, NotSent, Sent
from tests.integration.channels.loopback import wired
from tests.integration.channels.telegram import bot_api
from tests.integration.channels.telegram.bot_api import TOKEN, BotApi, credentials, envelope, run, send, serving
from tests.schemas import provider_file
from worker.channels import base
from worker.channels.telegram import bots
from worker.channels.telegram.adapter import TelegramAdapter, build

SECTIONS = [{"title": "Food", "rows": [{"id": "r1", "title": "Rice", "description": "fried"}]}]

MESSAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("sendMessage", {"type": "text", "message": "Hällo 😀 & <b>", "richContext": {"footer": "antar"}}),
    "image": ("sendPhoto", {"type": "image", "message": "Look", "richContext": {"fileUrl": "https://x.example/a.png"}}),
    "image without caption": ("sendPhoto", {"type": "image", "richContext": {"fileUrl": "https://x.example/a.png"}}),
    "video": ("sendVideo", {"type": "video", "message": "Look", "richContext": {"fileUrl": "https://x.example/a.mp4"}}),
    "document": (
        "sendDocument",
        {"type": "document", "message": "Bill", "richContext": {"fileUrl": "https://x.example/a.pdf", "fileName": "bill.pdf"}},
    ),
    "audio": ("sendAudio", {"type": "audio", "message": "Hear", "richContext": {"fileUrl": "https://x.example/a.mp3"}}),
    "location": ("sendLocation", {"type": "location", "richContext": {"location": {"lat": -6.2, "lng": 106.8}}}),
    "venue": (
        "sendVenue",
        {"type": "location", "richContext": {"location": {"lat": -6.2, "lng": 106.8, "name": "Office", "address": "Jl. 1"}}},
    ),
    "buttons": (
        "sendMessage",
        {
            "type": "interactive",
            "message": "Sure?",
            "richContext": {"buttons": [[{"text": "Yes", "id": "y"}], [{"text": "Site", "url": "https://x.example"}]]},
        },
    ),
    "list": (
        "sendMessage",
        {"type": "interactive", "message": "Choose", "richContext": {"listMessage": {"button": "Menu", "sections": SECTIONS}}},
    ),
}


def captured(body: dict[str, Any], target: str = "4242") -> bot_api.Call:
    async def scenario() -> bot_api.Call:
        async with serving() as api:
            outcome = await send(api.base_url, body, target=target)
            assert isinstance(outcome, Sent)
            assert outcome.provider_message_id == "4242:17"
            return only_call(api)

    return run(scenario())


def only_call(api: BotApi) -> bot_api.Call:
    (call,) = api.calls
    return call


def typed(form: dict[str, str], schema: dict[str, Any]) -> dict[str, Any]:
    """Read a form's values as the schema types them: everything but text is JSON."""
    kinds = {name: rule.get("type") for name, rule in schema["properties"].items()}
    return {
        name: json.loads(value) if kinds.get(name) in {"integer", "number", "boolean"} else value for name, value in form.items()
    }


@pytest.mark.parametrize("name", MESSAGES)
def test_every_request_is_what_telegrams_schema_asks_for(name: str) -> None:
    specification = provider_file("telegram/bot-api_10.1_delivery.openapi.json")
    method, body = MESSAGES[name]
    call = captured(body)
    contents = specification["paths"][f"/bot{{token}}/{method}"]["post"]["requestBody"]["content"]
    form = contents["application/x-www-form-urlencoded"]["schema"]
    jsonschema.validate(typed(call.form, form), form)
    objects = {key: json.loads(value) for key, value in call.form.items() if key == "reply_markup"}
    whole = {**typed(call.form, form), **objects}
    jsonschema.validate(whole, contents["application/json"]["schema"])


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_goes_to_its_method(name: str) -> None:
    method, body = MESSAGES[name]
    call = captured(body)
    assert (call.path, call.content_type) == (f"/bot{TOKEN}/{method}", "application/x-www-form-urlencoded")
    assert call.form["chat_id"] == "4242"
    assert "parse_mode" not in call.form


def test_texts_arrive_unchanged() -> None:
    assert captured(MESSAGES["text"][1]).form == {"chat_id": "4242", "text": "Hällo 😀 & <b>\n\nantar"}


def test_a_keyboard_arrives_as_json() -> None:
    markup = json.loads(captured(MESSAGES["buttons"][1]).form["reply_markup"])
    assert markup == {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}], [{"text": "Site", "url": "https://x.example"}]]}


def test_a_channel_is_named_by_its_username() -> None:
    assert captured(bot_api.TEXT, "@antar_news").form["chat_id"] == "@antar_news"


def test_nothing_is_asked_of_telegram_for_content_it_would_refuse() -> None:
    async def scenario() -> None:
        async with serving() as api:
            outcome = await send(api.base_url, {"type": "text", "message": "x" * 4097})
            assert isinstance(outcome, NotSent)
            assert outcome.code is Code.CONTENT_TOO_LARGE
            assert api.calls == []

    run(scenario())


def test_sending_is_the_only_call_and_bots_share_the_connections() -> None:
    async def scenario() -> None:
        async with serving() as api, wired() as wires:
            adapter = TelegramAdapter()
            sends = [adapter.send(envelope(), credentials(api.base_url, f"{number}:abc"), wires) for number in range(300)]
            outcomes = await asyncio.gather(*sends)
            assert all(isinstance(outcome, Sent) for outcome in outcomes)
            assert {call.path for call in api.calls} == {f"/bot{number}:abc/sendMessage" for number in range(300)}
            assert len(api.calls) == 300
            again = bots.get(credentials(api.base_url, "7:abc"), wires)
            assert again is bots.get(credentials(api.base_url, "7:abc"), wires)

    run(scenario())


def test_the_adapter_is_a_channel() -> None:
    adapter: base.Adapter = build()
    assert isinstance(adapter, TelegramAdapter)
    run(adapter.close())
