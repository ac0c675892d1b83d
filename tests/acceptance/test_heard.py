"""Webhooks of every provider over the whole stack: what is genuine is heard, and what people write counts for the next send."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from deploy.local import files
from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack
from shared import ids
from shared.db.tables import channel_keys, contacts, conversations, inbox
from shared.domain.channels import Channel
from shared.management import keys
from tests.acceptance.backend import Backend, await_true, deliveries, new_phone
from tests.integration import this_process

Json = dict[str, Any]

_OPTED_OUT: Final = {"status": False, "reason": "recipient has opted out"}
_GONE: Final = {"status": False, "reason": "Device disconnected"}


def send(backend: Backend, channel: str, to: str) -> Json:
    """Send to a recipient and give what the answer says of the channel."""
    target: Json = {channel: to}
    channels: Json = backend.post(backend.send({channel: 0}, **target)).json()["channels"]
    found: Json = channels[channel]
    return found


def write(backend: Backend, channel: str, person: str, text: str, **more: str) -> None:
    """Let a person write to the first sender of a channel."""
    order = {"channel": channel, "from": person, "text": text, **more}
    assert backend.sandbox.post("/_sandbox/inbound", json=order).status_code == 202


def said(database: Engine, person: str) -> Any:
    columns = contacts.c.opted_out_at, contacts.c.opted_in_at
    with database.connect() as connection:
        return connection.execute(select(*columns).where(contacts.c.address == person)).one_or_none()


@pytest.mark.parametrize("channel", ["waba", "whatsapp", "telegram"])
def test_who_writes_stop_is_left_alone_until_it_writes_start(backend: Backend, database: Engine, channel: str) -> None:
    person = new_phone()
    assert send(backend, channel, person)["status"] is True
    write(backend, channel, person, "STOP")
    await_true(lambda: said(database, person) is not None)
    assert send(backend, channel, person).items() >= _OPTED_OUT.items()
    assert len(backend.received(channel, person)) == 1
    # Providers tell the second only: the later word must be of a later one.
    await_true(lambda: time.time() >= said(database, person).opted_out_at.timestamp() + 1)
    write(backend, channel, person, "/start" if channel == "telegram" else "Start")
    await_true(lambda: said(database, person).opted_in_at is not None)
    assert send(backend, channel, person)["status"] is True


def test_a_message_of_waha_has_its_receipt(backend: Backend) -> None:
    send_id = backend.post(backend.send({"whatsapp": 0})).json()["id"]
    await_true(lambda: deliveries(backend.look_up(send_id))["whatsapp"]["receipt"] == "delivered")


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_waha_s_webhook_tells_what_became_of_an_unknown_file(backend: Backend) -> None:
    """WAHA chooses the ids of files: what it reports of one is found by them once its answer has named it."""
    file = {"type": "image", "message": "look", "richContext": {"fileUrl": "https://shop.example/a.png"}}
    answer = backend.post(backend.send({"whatsapp": 0}, {"whatsapp": {"message": file}})).json()
    (message,) = backend.received("whatsapp", deliveries(backend.look_up(answer["id"]))["whatsapp"]["target"])
    for status in ("read", "sent"):
        order = {"provider_message_id": message["provider_message_id"], "status": status}
        assert backend.sandbox.post("/_sandbox/receipts", json=order).status_code == 202
    await_true(lambda: deliveries(backend.look_up(answer["id"]))["whatsapp"]["receipt"] == "read")


def _key(database: Engine, identifier: str) -> Any:
    key_id = ids.decode(ids.KEY, identifier)
    with database.connect() as connection:
        return connection.execute(select(channel_keys).where(channel_keys.c.id == key_id)).one()


def test_a_session_suspends_its_key_and_brings_it_back(backend: Backend, database: Engine, demo_account: Json) -> None:
    key = demo_account["key_ids"]["whatsapp"]
    person = new_phone()
    backend.fault("whatsapp", "device")
    backend.sandbox.post("/_sandbox/sessions", json={"status": "SCAN_QR_CODE"}).raise_for_status()
    await_true(lambda: _key(database, key).status == "suspended")
    assert send(backend, "whatsapp", person).items() >= _GONE.items()
    backend.sandbox.delete("/_sandbox/faults")
    backend.sandbox.post("/_sandbox/sessions", json={"status": "WORKING"}).raise_for_status()
    await_true(lambda: _key(database, key).status == "active")
    assert send(backend, "whatsapp", person)["status"] is True


def test_an_old_word_of_a_session_that_works_stops_nothing_for_long(backend: Backend, database: Engine, demo_account: Json) -> None:
    key = demo_account["key_ids"]["whatsapp"]
    before = _key(database, key).status_at
    backend.sandbox.post("/_sandbox/sessions", json={"status": "FAILED"}).raise_for_status()
    await_true(lambda: _key(database, key).status_at != before)
    await_true(lambda: _key(database, key).status == "active")


@contextmanager
def _extra_key(stack: Stack, account: str, credentials: Json) -> Iterator[tuple[str, str]]:
    """Make a key of the channel whatsapp, and give its id and its token."""
    with this_process.set_up(stack.environment()) as engine, engine.begin() as connection:
        key_id = ids.decode(ids.KEY, account)
        owner = connection.execute(select(channel_keys.c.account_id).where(channel_keys.c.id == key_id)).scalar_one()
        made, token = keys.create(connection, owner, Channel.WHATSAPP, "extra", credentials)
    yield ids.encode(ids.KEY, made.id), token
    with this_process.set_up(stack.environment()) as engine, engine.begin() as connection:
        connection.execute(channel_keys.update().where(channel_keys.c.id == made.id).values(status="revoked"))


def test_gowa_is_heard(backend: Backend, stack: Stack, database: Engine, demo_account: Json) -> None:
    credentials = sandbox.gowa(stack.sandbox_url, 7)
    with _extra_key(stack, demo_account["key_ids"]["waba"], credentials) as (key, token):
        path = f"gowa/{credentials['session']}"
        url = f"{stack.base_url}/v1/receipts/whatsapp/{key}"
        files.write(stack.home.receivers, {**files.read(stack.home.receivers), path: url})
        body = backend.send({"whatsapp": 0})
        body["keys"]["whatsapp"]["token"] = token
        send_id = backend.post(body).json()["id"]
        await_true(lambda: deliveries(backend.look_up(send_id))["whatsapp"]["receipt"] == "delivered")
        await_true(lambda: _stored(database)[0] == 0)
        before = _stored(database)
        for headers in ({}, {"X-Hub-Signature-256": _HMAC_256}, {"X-Webhook-Hmac": _HMAC_512}):
            assert backend.http.post(f"/v1/receipts/whatsapp/{key}", content=_BODY, headers=headers).status_code == 401
        assert _stored(database) == before
        person = new_phone()
        write(backend, "whatsapp", person, "Hi", gateway="gowa", sender=credentials["session"])
        key_id: UUID | None = ids.decode(ids.KEY, key)
        await_true(lambda: _wrote(database, person) == [key_id])


def _wrote(database: Engine, person: str) -> list[UUID]:
    with database.connect() as connection:
        return list(connection.execute(select(conversations.c.key_id).where(conversations.c.address == person)).scalars())


def _hmac(secret: str, digest: Any) -> str:
    return hmac.new(secret.encode(), _BODY, digest).hexdigest()


_BODY = json.dumps({"event": "message", "payload": {}}).encode()
_HMAC_512 = _hmac(sandbox.WAHA_HMAC_KEY, hashlib.sha512)
_HMAC_256 = f"sha256={_hmac(sandbox.WAHA_HMAC_KEY, hashlib.sha256)}"
_FORGED = {
    "whatsapp": [
        {},
        {"X-Webhook-Hmac": ""},
        {"X-Webhook-Hmac": _HMAC_512[:-1]},
        {"X-Webhook-Hmac": _HMAC_512.upper()},
        {"X-Webhook-Hmac": _hmac("other", hashlib.sha512)},
        {"X-Webhook-Hmac": _hmac(sandbox.WAHA_HMAC_KEY, hashlib.sha256), "X-Webhook-Hmac-Algorithm": "sha256"},
        {"X-Hub-Signature-256": _HMAC_256},
    ],
    "telegram": [
        {},
        {"X-Telegram-Bot-Api-Secret-Token": ""},
        {"X-Telegram-Bot-Api-Secret-Token": sandbox.TELEGRAM_SECRET_TOKEN + "x"},
    ],
}
_GENUINE = {
    "whatsapp": {"X-Webhook-Hmac": _HMAC_512},
    "telegram": {"X-Telegram-Bot-Api-Secret-Token": sandbox.TELEGRAM_SECRET_TOKEN},
}


def _stored(database: Engine) -> tuple[int, ...]:
    with database.connect() as connection:
        return tuple(
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (inbox, contacts, conversations)
        )


@pytest.mark.parametrize("channel", _FORGED)
def test_what_is_forged_leaves_no_trace(backend: Backend, database: Engine, demo_account: Json, channel: str) -> None:
    await_true(lambda: _stored(database)[0] == 0)
    before = _stored(database)
    own = demo_account["key_ids"][channel]
    unknown = [ids.encode(ids.KEY, ids.new()), own[:-1], demo_account["key_ids"]["email"], demo_account["key_ids"]["waba"]]
    tried = [*((own, headers) for headers in _FORGED[channel]), *((key, _GENUINE[channel]) for key in unknown)]
    answers = [backend.http.post(f"/v1/receipts/{channel}/{key}", content=_BODY, headers=headers) for key, headers in tried]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["error"]["message"] for answer in answers}) == 1
    assert _stored(database) == before
    genuine = backend.http.post(f"/v1/receipts/{channel}/{own}", content=_BODY, headers=_GENUINE[channel])
    assert (genuine.status_code, genuine.content) == (200, b"")
    await_true(lambda: _stored(database) == before)


def test_who_shares_no_secret_with_us_is_not_heard(backend: Backend, stack: Stack, demo_account: Json) -> None:
    silent = {name: value for name, value in sandbox.waha(stack.sandbox_url).items() if name != "webhook_secret"}
    for credentials in (sandbox.fonnte(stack.sandbox_url), silent):
        with _extra_key(stack, demo_account["key_ids"]["waba"], credentials) as (key, _):
            headers = {"X-Webhook-Hmac": _HMAC_512, "X-Hub-Signature-256": _HMAC_256}
            assert backend.http.post(f"/v1/receipts/whatsapp/{key}", content=_BODY, headers=headers).status_code == 401
