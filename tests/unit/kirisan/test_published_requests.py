"""Every request printed in the API's documentation parses into the plan it describes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.channels import Channel
from shared.domain.send import PlannedDelivery, SendPlan
from tests.unit.kirisan.samples import KEY_IDS, plan

PHONE = "6281234567890"


def planned(channel: Channel, target: str, *, tier: int = 0, **fields: Any) -> PlannedDelivery:
    return PlannedDelivery(channel=channel, tier=tier, fallback=tier > 0, key_id=KEY_IDS[channel], target=target, **fields)


def test_whatsapp_text_with_variables() -> None:
    body = {
        "keys": {"whatsapp": {"token": "DEVICE_TOKEN"}},
        "content": {"whatsapp": {"message": {"type": "text", "message": "Hi {{name}}, thanks for your order."}}},
        "target": {"whatsapp": PHONE, "variables": {"name": "Alex"}},
    }
    stored = {"type": "text", "message": "Hi {{name}}, thanks for your order.", "richContext": {}}
    assert plan(body) == SendPlan(
        dialect="kirisan",
        deliveries=(planned(Channel.WHATSAPP, PHONE, content=stored),),
        variables={"name": "Alex"},
    )


def test_saved_template_on_several_channels() -> None:
    body = {
        "keys": {"whatsapp": {"token": "DEVICE_TOKEN"}, "email": {"token": "SENDER_TOKEN"}},
        "content": {"whatsapp": {"template": 42}, "email": {"template": 17}},
        "target": {"whatsapp": PHONE, "email": "alex@example.com", "variables": {"name": "Alex"}},
    }
    assert plan(body) == SendPlan(
        dialect="kirisan",
        deliveries=(
            planned(Channel.WHATSAPP, PHONE, template_id=42),
            planned(Channel.EMAIL, "alex@example.com", template_id=17),
        ),
        variables={"name": "Alex"},
    )


def test_scheduled_send() -> None:
    body = {
        "keys": {"telegram": {"token": "BOT_TOKEN"}},
        "content": {"telegram": {"template": 8}},
        "target": {"telegram": "123456789"},
        "context": {"timing": {"schedule": 1735689600}},
    }
    assert plan(body) == SendPlan(
        dialect="kirisan",
        deliveries=(planned(Channel.TELEGRAM, "123456789", template_id=8),),
        schedule=datetime(2025, 1, 1, tzinfo=UTC),
    )


def test_whatsapp_image_with_url() -> None:
    message = {
        "type": "image",
        "message": "Your receipt is attached.",
        "richContext": {"fileUrl": "https://cdn.example.com/receipt.jpg", "fileName": "receipt"},
    }
    body = {
        "keys": {"whatsapp": {"token": "DEVICE_TOKEN"}},
        "content": {"whatsapp": {"message": message}},
        "target": {"whatsapp": PHONE},
    }
    assert plan(body) == SendPlan(dialect="kirisan", deliveries=(planned(Channel.WHATSAPP, PHONE, content=message),))


def test_the_parts_of_the_reference_put_together() -> None:
    body = {
        "keys": {
            "whatsapp": {"token": "DEVICE_TOKEN", "fallback": False, "fallback_sequence": 0},
            "email": {"token": "SENDER_TOKEN", "fallback": True, "fallback_sequence": 1},
        },
        "content": {
            "whatsapp": {"message": {"type": "text", "message": "Hello {{name}}, your order is ready."}},
            "email": {"template": 17},
        },
        "target": {
            "whatsapp": PHONE,
            "email": "customer@example.com",
            "telegram": "123456789",
            "waba": PHONE,
            "variables": {"name": "Alex", "order_id": "A-1001"},
        },
        "context": {"timing": {"schedule": 1735689600}, "behaviour": {"channel": "all"}},
    }
    stored = {"type": "text", "message": "Hello {{name}}, your order is ready.", "richContext": {}}
    assert plan(body) == SendPlan(
        dialect="kirisan",
        deliveries=(
            planned(Channel.WHATSAPP, PHONE, content=stored),
            planned(Channel.EMAIL, "customer@example.com", tier=1, template_id=17),
        ),
        variables={"name": "Alex", "order_id": "A-1001"},
        schedule=datetime(2025, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "waba"])
@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_media_by_file_id(channel: str, kind: str) -> None:
    body = {
        "keys": {channel: {"token": "t"}},
        "content": {channel: {"message": {"type": kind, "richContext": {"fileId": "f-1", "footer": "f"}}}},
        "target": {channel: "1"},
    }
    assert plan(body).deliveries[0].content == {"type": kind, "richContext": {"fileId": "f-1", "footer": "f"}}


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
def test_location(channel: str) -> None:
    message = {
        "type": "location",
        "richContext": {"location": {"lat": -6.2, "lng": 106, "name": "Office", "address": "Jl. Thamrin"}},
    }
    body = {"keys": {channel: {"token": "t"}}, "content": {channel: {"message": message}}, "target": {channel: "1"}}
    assert plan(body).deliveries[0].content == message


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "waba"])
def test_interactive_with_rows_of_buttons_and_lone_buttons(channel: str) -> None:
    rows = [[{"text": "Yes", "id": "y"}, {"text": "No"}], {"text": "Shop", "url": "https://shop.example"}]
    message = {"type": "interactive", "message": "Well?", "richContext": {"buttons": rows}}
    body = {"keys": {channel: {"token": "t"}}, "content": {channel: {"message": message}}, "target": {channel: "1"}}
    assert plan(body).deliveries[0].content == {**message, "richContext": {"buttons": [rows[0], [rows[1]]]}}


def test_interactive_with_a_list() -> None:
    menu = {"button": "Menu", "sections": [{"title": "Today", "rows": [{"id": "1", "title": "Soup", "description": "Hot"}]}]}
    message = {"type": "interactive", "message": "Choose", "richContext": {"listMessage": menu}}
    body = {"keys": {"waba": {"token": "t"}}, "content": {"waba": {"message": message}}, "target": {"waba": "1"}}
    assert plan(body).deliveries[0].content == message
