"""Every example request of the contract gets its documented answer, and the message reaches its provider."""

import re
import time
from typing import Any

from tests.acceptance.backend import Backend, new_phone

_TIME = re.compile(r"\d+ms")


def _shape(channels: dict[str, Any]) -> dict[str, Any]:
    """Check and leave out the processing times, which no document can foretell."""
    assert all(_TIME.fullmatch(result.pop("processing_time")) for result in channels.values())
    return channels


def test_whatsapp_text_with_variables(backend: Backend) -> None:
    phone = new_phone()
    body = {
        "keys": {"whatsapp": {"token": backend.keys["whatsapp"]}},
        "content": {"whatsapp": {"message": {"type": "text", "message": "Hi {{name}}, thanks for your order."}}},
        "target": {"whatsapp": phone, "variables": {"name": "Alex"}},
    }
    answer = backend.post(body)
    assert answer.status_code == 200
    assert list(answer.json()) == ["status", "id", "channels"]
    assert answer.json()["status"] is True
    assert _shape(answer.json()["channels"]) == {"whatsapp": {"status": True}}
    assert [message["body"] for message in backend.received("whatsapp", phone)] == ["Hi Alex, thanks for your order."]


def test_saved_template_on_two_channels(backend: Backend) -> None:
    phone = new_phone()
    body = {
        "keys": {"whatsapp": {"token": backend.keys["whatsapp"]}, "email": {"token": backend.keys["email"]}},
        "content": {"whatsapp": {"template": backend.templates["whatsapp"]}, "email": {"template": backend.templates["email"]}},
        "target": {
            "whatsapp": phone,
            "email": f"alex.{phone}@example.com",
            "variables": {"name": "Alex", "order_id": "A-1001"},
        },
    }
    answer = backend.post(body).json()
    assert (answer["status"], _shape(answer["channels"])) == (True, {"whatsapp": {"status": True}, "email": {"status": True}})
    assert backend.received("whatsapp", phone)[0]["body"] == "Hi Alex, your order A-1001 is ready."
    mail = backend.received("email", f"alex.{phone}@example.com")[0]
    assert "Your order A-1001 is ready" in mail["body"]


def test_scheduled(backend: Backend) -> None:
    body = {
        "keys": {"telegram": {"token": backend.keys["telegram"]}},
        "content": {"telegram": {"template": backend.templates["telegram"]}},
        "target": {"telegram": "123456789"},
        "context": {"timing": {"schedule": int(time.time()) + 3600}},
    }
    answer = backend.post(body)
    assert answer.status_code == 200
    identifier = answer.json().pop("id")
    assert answer.json() == {
        "status": True,
        "scheduled": True,
        "id": identifier,
        "channels": {"telegram": {"status": True, "scheduled": True}},
    }
    assert backend.look_up(identifier)["state"] == "scheduled"


def test_whatsapp_image_by_link(backend: Backend) -> None:
    phone = new_phone()
    body = {
        "keys": {"whatsapp": {"token": backend.keys["whatsapp"]}},
        "content": {
            "whatsapp": {
                "message": {
                    "type": "image",
                    "message": "Your receipt is attached.",
                    "richContext": {"fileUrl": "https://cdn.example.com/receipt.jpg", "fileName": "receipt"},
                }
            }
        },
        "target": {"whatsapp": phone},
    }
    assert backend.post(body).json()["channels"]["whatsapp"]["status"] is True
    (message,) = backend.received("whatsapp", phone)
    assert message["raw"]["file"]["url"] == "https://cdn.example.com/receipt.jpg"
    assert message["body"] == "Your receipt is attached."


def test_first_channel_fails_and_the_fallback_delivers(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0, "email": 1})
    backend.fault("whatsapp", "device", to=body["target"]["whatsapp"])
    answer = backend.post(body)
    channels = answer.json()["channels"]
    assert (answer.status_code, answer.json()["status"]) == (200, True)
    assert channels["whatsapp"].pop("detail")
    assert _shape(channels) == {
        "whatsapp": {"status": False, "reason": "Device disconnected"},
        "email": {"status": True, "fallback": True},
    }


def test_a_later_tier_that_is_not_reached_is_left_out(backend: Backend) -> None:
    answer = backend.post(backend.send({"whatsapp": 0, "telegram": 1, "email": 2})).json()
    assert _shape(answer["channels"]) == {"whatsapp": {"status": True}}


def test_every_channel_fails(backend: Backend) -> None:
    body = backend.send({"waba": 0, "telegram": 1})
    backend.fault("waba", "recipient", to=body["target"]["waba"])
    backend.fault("telegram", "recipient", to=body["target"]["telegram"])
    answer = backend.post(body)
    assert (answer.status_code, answer.json()["status"]) == (200, False)
    assert {channel: result["status"] for channel, result in answer.json()["channels"].items()} == {
        "waba": False,
        "telegram": False,
    }


def test_restricted_to_one_channel(backend: Backend) -> None:
    body = {**backend.send({"whatsapp": 0, "telegram": 0}), "context": {"behaviour": {"channel": "telegram"}}}
    assert list(backend.post(body).json()["channels"]) == ["telegram"]


def test_numbers_are_taken_as_variables(backend: Backend) -> None:
    body = backend.send({"waba": 0}, {"waba": {"message": {"type": "text", "message": "{{minutes}} min, {{ price }} EUR"}}})
    body["target"]["variables"] = {"minutes": 10, "price": 2.5}
    assert backend.post(body).json()["status"] is True
    assert backend.received("waba", body["target"]["waba"])[0]["body"] == "10 min, 2.5 EUR"
