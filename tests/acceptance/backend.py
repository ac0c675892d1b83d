"""A backend's side of the wire: building sends, posting them, and looking at what the providers got."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

JsonObject = dict[str, Any]

_numbers = count(6281300000000)


def new_phone() -> str:
    """Give a number no other test writes to."""
    return str(next(_numbers))


def text(message: str = "Hello") -> JsonObject:
    """Give inline content."""
    return {"message": {"type": "text", "message": message}}


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One account's client, and the provider sandbox behind the stack."""

    http: httpx.Client
    token: str
    keys: Mapping[str, str]
    templates: Mapping[str, int]
    sandbox: httpx.Client
    address: JsonObject = field(default_factory=dict)

    def post(self, body: Any, **headers: str) -> httpx.Response:
        """Post a send."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post("/v1/send", json=body, headers={"Authorization": f"Bearer {self.token}", **named})

    def get(self, path: str) -> httpx.Response:
        """Get something as this account."""
        return self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})

    def delete(self, path: str) -> httpx.Response:
        """Delete something as this account."""
        return self.http.delete(path, headers={"Authorization": f"Bearer {self.token}"})

    def patch(self, path: str, body: Any) -> httpx.Response:
        """Change something as this account."""
        return self.http.patch(path, json=body, headers={"Authorization": f"Bearer {self.token}"})

    def send(self, tiers: Mapping[str, int], content: Mapping[str, Any] | None = None, **target: Any) -> JsonObject:
        """Build a send over channels, each in its tier, to a recipient nobody else writes to."""
        return {
            "keys": {channel: self.key(channel, tier) for channel, tier in tiers.items()},
            "content": dict(content or {channel: self.content(channel) for channel in tiers}),
            "target": {**recipient(), "variables": {"name": "Alex", "order_id": "A-1001"}, **target},
        }

    def key(self, channel: str, tier: int = 0) -> JsonObject:
        """Give a channel's entry of ``keys``."""
        return {"token": self.keys[channel], **({"fallback": True, "fallback_sequence": tier} if tier else {})}

    def content(self, channel: str) -> JsonObject:
        """Give content the channel can carry: email has templates only."""
        return {"template": self.templates["email"]} if channel == "email" else text()

    def fault(self, channel: str, kind: str, **options: Any) -> None:
        """Let the channel's provider fail."""
        answer = self.sandbox.post("/_sandbox/faults", json={"channel": channel, "kind": kind, **options})
        assert answer.status_code == 201, answer.text

    def received(self, channel: str, to: str) -> list[JsonObject]:
        """Give what the channel's provider accepted for a recipient."""
        answer = self.sandbox.get("/_sandbox/messages", params={"channel": channel, "to": to})
        messages: list[JsonObject] = answer.json()["messages"]
        return messages

    def look_up(self, send_id: str) -> JsonObject:
        """Give a send as it stands."""
        answer = self.get(f"/v1/sends/{send_id}")
        assert answer.status_code == 200, answer.text
        data: JsonObject = answer.json()["data"]
        return data

    def ended(self, send_id: str, seconds: float = 30) -> JsonObject:
        """Wait for a send's end and give it."""
        await_true(lambda: self.look_up(send_id)["state"] not in {"running", "scheduled"}, seconds)
        return self.look_up(send_id)


def recipient() -> JsonObject:
    """Give a target for every channel."""
    phone = new_phone()
    return {"whatsapp": phone, "waba": phone, "telegram": phone, "email": f"alex.{phone}@customer.example"}


def await_true(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds; fails when it does not come to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen within {seconds:.0f} s"
        time.sleep(0.05)


def deliveries(send: Mapping[str, Any]) -> dict[str, JsonObject]:
    """Give a looked-up send's deliveries by channel."""
    return {delivery["channel"]: delivery for tier in send["tiers"] for delivery in tier["deliveries"]}
