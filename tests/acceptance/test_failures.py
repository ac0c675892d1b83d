"""What fails a channel and not the request: HTTP 200, a reason, nothing sent on that channel, and the cascade goes on."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy
from sqlalchemy import select, update

from shared import ids, vault
from shared.db.tables import channel_keys, contacts, suppressions, templates
from tests.acceptance.backend import Backend, text


def _falls_back(backend: Backend, body: dict[str, Any], channel: str, reason: str) -> None:
    """Post a send whose first channel must fail with a reason, and whose fallback must deliver."""
    spare = "waba" if channel != "waba" else "telegram"
    body["keys"][spare] = backend.key(spare, 1)
    body["content"][spare] = text()
    answer = backend.post(body)
    channels = answer.json()["channels"]
    assert answer.status_code == 200
    assert (channels[channel]["status"], channels[channel]["reason"]) == (False, reason)
    assert (channels[spare]["status"], channels[spare]["fallback"]) == (True, True)
    assert answer.json()["status"] is True
    assert backend.received(channel, str(body["target"].get(channel))) == []


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "waba", "email"])
def test_missing_target(backend: Backend, channel: str) -> None:
    body = backend.send({channel: 0})
    del body["target"][channel]
    _falls_back(backend, body, channel, "missing target")


@pytest.mark.parametrize(
    ("channel", "target"),
    [
        ("whatsapp", "12"),
        ("waba", "not a number"),
        ("telegram", "Alex"),
        ("email", "alex@"),
        ("email", "a@b.example\r\nBcc: c@d.example"),
    ],
)
def test_invalid_target(backend: Backend, channel: str, target: str) -> None:
    body = backend.send({channel: 0})
    body["target"][channel] = target
    _falls_back(backend, body, channel, "invalid target")


def test_missing_variables(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0}, {"whatsapp": text("{{b}} and {{name}} and {{ a }}")})
    _falls_back(backend, body, "whatsapp", "missing variables: b, a")


@pytest.mark.parametrize(
    ("channel", "label"), [("whatsapp", "WhatsApp"), ("telegram", "Telegram"), ("waba", "WABA"), ("email", "Email")]
)
def test_template_not_found(backend: Backend, channel: str, label: str) -> None:
    body = backend.send({channel: 0}, {channel: {"template": 2**40}})
    _falls_back(backend, body, channel, f"{label} template not found")


def test_template_of_another_channel(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0}, {"whatsapp": {"template": backend.templates["email"]}})
    _falls_back(backend, body, "whatsapp", "WhatsApp template not found")


def test_template_of_another_account(backend: Backend, stranger: Backend) -> None:
    body = stranger.send({"whatsapp": 0}, {"whatsapp": {"template": backend.templates["whatsapp"]}})
    answer = stranger.post(body).json()
    assert answer["channels"]["whatsapp"]["reason"] == "WhatsApp template not found"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "pending"}, "template is not approved for sending"),
        ({"status": "rejected"}, "template is not approved for sending"),
        ({"active": False}, "template is inactive"),
    ],
)
def test_template_that_may_not_be_sent(
    backend: Backend, database: sqlalchemy.Engine, change: Mapping[str, Any], reason: str
) -> None:
    template = backend.templates["whatsapp"]
    with database.begin() as connection:
        connection.execute(update(templates).where(templates.c.id == template).values(**change))
    try:
        _falls_back(backend, backend.send({"whatsapp": 0}, {"whatsapp": {"template": template}}), "whatsapp", reason)
    finally:
        with database.begin() as connection:
            connection.execute(update(templates).where(templates.c.id == template).values(status="approved", active=True))


def _account(backend: Backend, database: sqlalchemy.Engine) -> UUID:
    statement = select(channel_keys.c.account_id).where(channel_keys.c.token_hash == vault.token_hash(backend.keys["email"]))
    with database.connect() as connection:
        account: UUID = connection.execute(statement).scalar_one()
    return account


def test_suppressed_recipient(backend: Backend, database: sqlalchemy.Engine) -> None:
    body = backend.send({"email": 0})
    row = {"account_id": _account(backend, database), "channel": "email", "address": body["target"]["email"]}
    with database.begin() as connection:
        connection.execute(suppressions.insert().values(id=ids.new(), reason="complaint", **row))
    body["target"]["email"] = body["target"]["email"].replace("customer.example", "Customer.Example")
    _falls_back(backend, body, "email", "recipient is suppressed")


def test_recipient_who_opted_out(backend: Backend, database: sqlalchemy.Engine) -> None:
    body = backend.send({"whatsapp": 0})
    row = {"account_id": _account(backend, database), "channel": "whatsapp", "address": body["target"]["whatsapp"]}
    with database.begin() as connection:
        connection.execute(contacts.insert().values(opted_out_at=sqlalchemy.func.now(), **row))
    body["target"]["whatsapp"] = f"+{body['target']['whatsapp']}"
    _falls_back(backend, body, "whatsapp", "recipient has opted out")


@pytest.mark.parametrize(
    ("change", "undo", "reason"),
    [
        ({"quota_limit": 0}, {"quota_limit": None}, "quota exceeded"),
        ({"status": "revoked"}, {"status": "active"}, "telegram key is revoked"),
        (
            {"status": "suspended", "status_reason": "switched off by the operator"},
            {"status": "active", "status_reason": None},
            "switched off by the operator",
        ),
        ({"credentials": b"k9:nonsense"}, None, "the credentials of the telegram key cannot be read"),
    ],
)
def test_key_that_cannot_be_used(
    backend: Backend, database: sqlalchemy.Engine, change: dict[str, Any], undo: dict[str, Any] | None, reason: str
) -> None:
    mine = channel_keys.c.token_hash == vault.token_hash(backend.keys["telegram"])
    with database.begin() as connection:
        before = connection.execute(select(channel_keys.c.credentials).where(mine)).scalar_one()
        connection.execute(update(channel_keys).where(mine).values(**change))
    try:
        _falls_back(backend, backend.send({"telegram": 0}), "telegram", reason)
    finally:
        with database.begin() as connection:
            connection.execute(update(channel_keys).where(mine).values(**(undo or {"credentials": before})))


def test_window_that_is_enforced(backend: Backend, database: sqlalchemy.Engine) -> None:
    mine = channel_keys.c.token_hash == vault.token_hash(backend.keys["waba"])
    with database.begin() as connection:
        connection.execute(update(channel_keys).where(mine).values(settings={"window": "enforce"}))
    try:
        _falls_back(backend, backend.send({"waba": 0}), "waba", "outside the 24-hour window")
        body = backend.send({"waba": 0}, {"waba": {"template": backend.templates["waba"]}})
        assert backend.post(body).json()["channels"]["waba"]["status"] is True
    finally:
        with database.begin() as connection:
            connection.execute(update(channel_keys).where(mine).values(settings={}))


def test_a_file_of_an_empty_library(backend: Backend) -> None:
    content = {"message": {"type": "image", "richContext": {"fileId": "file_1"}}}
    _falls_back(backend, backend.send({"whatsapp": 0}, {"whatsapp": content}), "whatsapp", "file not found")


def test_quota_is_counted(backend: Backend, database: sqlalchemy.Engine) -> None:
    mine = channel_keys.c.token_hash == vault.token_hash(backend.keys["telegram"])
    with database.begin() as connection:
        connection.execute(update(channel_keys).where(mine).values(quota_limit=1, quota_used=0))
    try:
        assert backend.post(backend.send({"telegram": 0})).json()["status"] is True
        answer = backend.post(backend.send({"telegram": 0})).json()
        assert answer["channels"]["telegram"]["reason"] == "quota exceeded"
    finally:
        with database.begin() as connection:
            connection.execute(update(channel_keys).where(mine).values(quota_limit=None, quota_used=0))
