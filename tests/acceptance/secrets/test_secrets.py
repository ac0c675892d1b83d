"""Secrets are planted, everything is made to fail, and then they are looked for wherever something is kept or shown."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Engine

from deploy.local.stack import Stack
from tests.acceptance.secrets import house as houses
from tests.acceptance.secrets import places
from tests.acceptance.secrets.house import House
from tests.acceptance.secrets.plants import ADDRESSES, RUN, word

CHANNELS: Final = ("whatsapp", "waba", "telegram", "email")
_ADDRESSES: Final = {f"address of {channel}" for channel in ADDRESSES} | {"address", "digits encoded"}
_ALLOWED: Final[dict[str, set[str]]] = {
    "sends.variables": {"variable"},
    "deliveries.target": {*_ADDRESSES, "malformed"},
    "deliveries.address": _ADDRESSES,
    "deliveries.content": {"body", "run"},
    "deliveries.detail": _ADDRESSES,
    "deliveries.reason": _ADDRESSES,
    "deliveries.provider_message_id": _ADDRESSES,
    "webhook_deliveries.body": {*_ADDRESSES, "body", "variable", "template", "inbound", "name", "malformed"},
    "inbox.body": {*_ADDRESSES, "inbound", "name"},
    "templates.body": {"template", "run"},
    "contacts.address": _ADDRESSES,
    "contacts.name": {"name"},
    "conversations.address": _ADDRESSES,
    "suppressions.address": _ADDRESSES,
    "files.name": {"filename"},
    "idempotency_keys.key": {"idempotency"},
    "webhook_subscriptions.url": {"hook"},
}
"""Where people's addresses and messages may stand, and what customers call things. Secrets may stand nowhere."""


def _unexpected(found: places.Found) -> places.Found:
    return {(kind, column) for kind, column in found if kind not in _ALLOWED.get(column, set())}


def _malformed(house: House, wild: httpx.Client) -> None:
    """Ask in ways that nobody should."""
    for token in (word("unknown"), word("unknown") * 300):
        assert wild.post("/v1/send", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    wild.get("/v1/sends", headers={"Authorization": f"Basic {word('unknown')}"})
    wild.get(f"/v1/{word('path')}", params={word("query"): word("query")})
    wild.request(word("method").upper(), "/v1/send")
    named = {"Authorization": f"Bearer {house.backend.token}", "X-Request-Id": word("header"), "traceparent": word("header")}
    usual = house.send("telegram")
    for body in (
        word("malformed"),
        f'{{"{word("malformed")}": ',
        json.dumps({**usual, word("malformed"): word("malformed")}),
        json.dumps({**usual, "keys": {"telegram": {"token": word("malformed")}}}),
        json.dumps({**usual, "target": {"telegram": word("malformed")}}),
        json.dumps(house.send("telegram", {"message": {"type": word("malformed"), "message": f"{word('malformed')}\0"}})),
        json.dumps(house.send("telegram", {"template": word("malformed")})),
        json.dumps(usual).encode() + b"\xff" + word("malformed").encode(),
    ):
        wild.post("/v1/send", content=body, headers={**named, "Content-Type": "application/json"})
    for message in (house.send("telegram"), house.send("whatsapp")):
        house.post(message, Idempotency_Key=word("idempotency"))


def _forge(house: House, wild: httpx.Client) -> None:
    """Post what no provider has said, and what a provider says in no good way."""
    for channel in ("whatsapp", "waba", "telegram"):
        path = f"/v1/receipts/{channel}/{house.key_ids[channel]}"
        assert wild.post(path, content=word("forged"), headers={"X-Hub-Signature-256": word("forged")}).status_code == 401
    challenge = {"hub.verify_token": word("forged"), "hub.mode": "subscribe"}
    assert wild.get(f"/v1/receipts/waba/{house.key_ids['waba']}", params=challenge).status_code == 403
    told = {"X-Telegram-Bot-Api-Secret-Token": word("credential")}
    person = {"id": int(ADDRESSES["inbound"]), "first_name": word("name")}
    said = {
        "message_id": 7,
        "from": person,
        "chat": {**person, "type": "private"},
        "date": int(time.time()),
        "text": word("inbound"),
    }
    for update in ({"message": said}, {"message": {**said, "chat": {"id": word("inbound")}}}, {"message": word("inbound")}):
        path = f"/v1/receipts/telegram/{house.key_ids['telegram']}"
        assert wild.post(path, json={"update_id": 1, **update}, headers=told).status_code == 200


def _ask(house: House, wild: httpx.Client, path: str, **content: Any) -> Any:
    answer = wild.post(path, headers={"Authorization": f"Bearer {house.backend.token}"}, **content)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def _faulty(house: House, *kinds: str) -> list[str]:
    """Send by every channel, whose providers fail."""
    for kind in kinds:
        for channel in CHANNELS:
            house.backend.fault(channel, kind, to=ADDRESSES[channel], times=1, retry_after=0)
    return [house.post(house.send(channel), Prefer="wait=0").json()["id"] for _ in kinds for channel in CHANNELS]


@pytest.fixture(scope="module")
def suffered(stack: Stack, house: House) -> Iterator[dict[str, str]]:
    """Everything has been done, well and badly; gives what antar has made for its customer alone."""
    with httpx.Client(base_url=stack.base_url, timeout=30) as wild:
        hook = _ask(
            house,
            wild,
            "/v1/webhook_subscriptions",
            json={"url": f"https://shop.example/{word('hook')}", "events": ["message.status"]},
        )
        made = {**house.made, "webhook secret": hook["initial_secret"]}
        _ask(
            house,
            wild,
            "/v1/files",
            files={"file": (f"{word('filename')}.pdf", b"%PDF-1.7\n" + word("file").encode(), "application/pdf")},
        )
        with houses.stopped(stack, "worker-send", "worker-bulk", "worker-events"):
            first = _faulty(house, "throttle", "outage", "drop_before", "drop_after", "content")
            broken = house.post(house.send("waba", {"template": house.broken_template}), Prefer="wait=0").json()["id"]
            _forge(house, wild)
            with_tasks = places.broker(stack, made)
        _await(house, [*first, broken])
        assert house.backend.look_up(broken)["tiers"][0]["deliveries"][0]["code"] == "internal_error"
        for kind in ("recipient", "credentials"):
            _await(house, _faulty(house, kind))
        _malformed(house, wild)
        house.backend.sandbox.delete("/_sandbox/faults")
        assert with_tasks == set()
        yield made
        wild.delete(f"/v1/webhook_subscriptions/{hook['id']}", headers={"Authorization": f"Bearer {house.backend.token}"})


def _await(house: House, sends: Sequence[str]) -> None:
    for each in sends:
        house.backend.ended(each)


def test_they_were_planted(house: House, suffered: dict[str, str], own_process: Engine) -> None:
    """Where they may stand they are found, or nothing would be proved by their absence elsewhere."""
    found = places.columns(own_process, suffered)
    assert {("body", "deliveries.content"), ("variable", "sends.variables"), ("template", "templates.body")} <= found
    assert {(f"address of {channel}", "deliveries.address") for channel in ADDRESSES if channel != "inbound"} - found == set()
    for channel in CHANNELS:
        assert any(RUN in str(message["raw"]) for message in house.backend.received(channel, ADDRESSES[channel]))


def test_no_column_holds_what_it_should_not(suffered: dict[str, str], own_process: Engine) -> None:
    assert _unexpected(places.columns(own_process, suffered)) == set()


def test_no_log_says_any(stack: Stack, suffered: dict[str, str]) -> None:
    assert places.files(stack.home.logs, suffered) == set()


def test_the_broker_holds_none(stack: Stack, suffered: dict[str, str]) -> None:
    assert places.broker(stack, suffered) == set()


def test_no_command_line_says_any(stack: Stack, suffered: dict[str, str]) -> None:
    own = {"secret key": stack.environment()["ANTAR_SECRET_KEYS"].partition(":")[2]}
    assert places.command_lines({**suffered, **own}) == set()


def test_flower_neither_shows_nor_keeps_any(stack: Stack, suffered: dict[str, str]) -> None:
    assert places.flower(stack, suffered) == set()
    stack.restart("flower")
    assert any(stack.home.flower.iterdir())
    assert places.files(stack.home.flower, suffered) == set()
