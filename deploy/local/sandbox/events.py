"""The webhooks of the providers, signed as each of them does: receipts of messages, and messages that come in."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from deploy.local.sandbox import accounts
from deploy.local.sandbox.cloud_api_errors import ERRORS
from deploy.local.sandbox.fields import Json
from deploy.local.sandbox.store import Message

_WAHA_ACKS = {"failed": (-1, "ERROR"), "sent": (1, "SERVER"), "delivered": (2, "DEVICE"), "read": (3, "READ")}
_GOWA_RECEIPTS = {
    "delivered": "means the message was delivered to the device (but the user might not have noticed).",
    "read": "the user opened the chat and saw the message.",
}
_WAHA_ENVIRONMENT = {"version": "2026.7.1", "engine": "GOWS", "tier": "CORE", "browser": "", "platform": "linux/x64"}


class NoSuchEventError(Exception):
    """The provider has no webhook for this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """A request a provider makes."""

    path: str
    """The provider's, by which one receiver of all tells them apart."""
    sender: str
    """The sender it concerns, as in :attr:`Message.sender`."""
    body: bytes
    headers: Mapping[str, str]


def receipt(message: Message, status: str, code: int | None = None) -> Webhook:
    """Make the webhook that reports a status of a message. Raises :class:`NoSuchEventError` where there is none."""
    match message.provider:
        case "cloud_api":
            return _signed_by_meta(message.sender, statuses=[_cloud_api_status(message, status, code)])
        case "waha":
            return _signed_by_waha("message.ack", message.sender, _waha_ack(message, status))
        case "gowa" if status in _GOWA_RECEIPTS:
            return _signed_by_gowa("message.ack", message.sender, _gowa_ack(message, status))
        case _:
            raise NoSuchEventError(f"{message.provider} reports no {status}")


def automatic_receipts(message: Message) -> list[Webhook]:
    """Make the webhooks that follow an accepted message by themselves."""
    match message.provider:
        case "cloud_api" | "waha":
            return [receipt(message, "sent"), receipt(message, "delivered")]
        case "gowa":
            return [receipt(message, "delivered")]
        case _:
            return []


def inbound(provider: str, sender: str, contact: str, text: str) -> Webhook:
    """Make the webhook of a text that ``contact`` wrote to one of our senders."""
    match provider:
        case "cloud_api":
            return _signed_by_meta(sender, **_cloud_api_message(contact, text))
        case "waha":
            return _signed_by_waha("message", sender, _waha_message(contact, text))
        case "gowa":
            return _signed_by_gowa("message", sender, _gowa_message(contact, text))
        case "bot_api":
            return _from_telegram(sender, _telegram_message(contact, text))
        case _:
            raise NoSuchEventError(f"{provider} reports no message that comes in")


def template_status(account: str, template: Json, sender: str) -> Webhook:
    """Make the webhook that tells of a template's status at Meta."""
    value = {
        "event": template["status"],
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
        "reason": template.get("rejected_reason", "NONE"),
    }
    change = {"value": value, "field": "message_template_status_update"}
    entry = {"id": account, "time": int(time.time()), "changes": [change]}
    payload = {"object": "whatsapp_business_account", "entry": [entry]}
    return _signed_sha256("waba", sender, payload, accounts.APP_SECRET)


def session(name: str, status: str) -> Webhook:
    """Make the webhook of a WAHA session that has come to another state."""
    states = [{"status": status, "timestamp": int(time.time() * 1000)}]
    return _signed_by_waha("session.status", name, {"name": name, "status": status, "statuses": states})


def _signed_by_meta(phone_number_id: str, **content: list[Json]) -> Webhook:
    change = {"value": _cloud_api_value(phone_number_id, **content), "field": "messages"}
    payload = {"object": "whatsapp_business_account", "entry": [{"id": accounts.WABA_ID, "changes": [change]}]}
    return _signed_sha256("waba", phone_number_id, payload, accounts.APP_SECRET)


def _signed_sha256(path: str, sender: str, payload: Json, secret: str) -> Webhook:
    body = json.dumps(payload).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Webhook(path=path, sender=sender, body=body, headers={"X-Hub-Signature-256": f"sha256={signature}"})


def _cloud_api_value(phone_number_id: str, **content: list[Json]) -> Json:
    metadata = {"display_phone_number": accounts.OWN_NUMBER, "phone_number_id": phone_number_id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **content}


def _cloud_api_status(message: Message, status: str, code: int | None) -> Json:
    report: Json = {
        "id": message.provider_message_id,
        "status": status,
        "timestamp": str(int(time.time())),
        "recipient_id": message.to,
    }
    if message.delivery_id is not None:
        report["biz_opaque_callback_data"] = message.delivery_id
    return {**report, "errors": [_cloud_api_error(code or 131026)]} if status == "failed" else report


def _cloud_api_error(code: int) -> Json:
    title = ERRORS.get(code, (400, "Unknown error"))[1]
    return {"code": code, "title": title, "message": title, "error_data": {"details": "The sandbox was told so"}}


def _cloud_api_message(contact: str, text: str) -> dict[str, list[Json]]:
    number = contact.removeprefix("+")
    message = {"from": number, "id": f"wamid.{uuid4().hex.upper()}", "timestamp": str(int(time.time()))}
    return {
        "contacts": [{"profile": {"name": "Ann"}, "wa_id": number}],
        "messages": [{**message, "type": "text", "text": {"body": text}}],
    }


def _signed_by_waha(event: str, session: str, payload: Json) -> Webhook:
    now = int(time.time() * 1000)
    envelope = {"id": f"evt_{uuid4().hex[:26]}", "timestamp": now, "event": event, "session": session, "payload": payload}
    me = {"id": f"{accounts.OWN_NUMBER}@c.us", "pushName": "Antar Sandbox"}
    body = json.dumps({**envelope, "me": me, "engine": "GOWS", "environment": {**_WAHA_ENVIRONMENT, "worker": {"id": ""}}}).encode()
    headers = {
        "X-Webhook-Request-Id": uuid4().hex,
        "X-Webhook-Timestamp": str(now),
        "X-Webhook-Hmac": hmac.new(accounts.WAHA_HMAC_KEY.encode(), body, hashlib.sha512).hexdigest(),
        "X-Webhook-Hmac-Algorithm": "sha512",
    }
    return Webhook(path="waha", sender=session, body=body, headers=headers)


def _waha_ack(message: Message, status: str) -> Json:
    ack, name = _WAHA_ACKS[status]
    people = {"from": f"{accounts.OWN_NUMBER}@c.us", "to": message.to, "participant": ""}
    return {"id": message.provider_message_id, **people, "fromMe": True, "ack": ack, "ackName": name}


def _waha_message(contact: str, text: str) -> Json:
    chat = f"{contact.removeprefix('+').removesuffix('@c.us')}@c.us"
    return {
        "id": f"false_{chat}_{uuid4().hex[:20].upper()}",
        "timestamp": int(time.time()),
        "from": chat,
        "fromMe": False,
        "source": "app",
        "to": f"{accounts.OWN_NUMBER}@c.us",
        "participant": "",
        "body": text,
        "hasMedia": False,
        "mediaUrl": "",
        "ack": 1,
        "ackName": "SERVER",
    }


def _signed_by_gowa(event: str, sender: str, payload: Json) -> Webhook:
    device = f"{accounts.OWN_NUMBER}@s.whatsapp.net"
    envelope = {"event": event, "device_id": device, "timestamp": _rfc3339(), "payload": payload}
    return _signed_sha256("gowa", sender, envelope, accounts.GOWA_WEBHOOK_SECRET)


def _rfc3339() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _gowa_ack(message: Message, status: str) -> Json:
    people = {"chat_id": message.to, "from": message.to}
    meaning = {"receipt_type": status, "receipt_type_description": _GOWA_RECEIPTS[status]}
    return {"ids": [message.provider_message_id], **people, **meaning}


def _gowa_message(contact: str, text: str) -> Json:
    jid = f"{contact.removeprefix('+').removesuffix('@s.whatsapp.net')}@s.whatsapp.net"
    origin = {"chat_id": jid, "from": jid, "from_name": "Ann", "timestamp": _rfc3339(), "is_from_me": False}
    return {"id": uuid4().hex[:20].upper(), **origin, "body": text}


def _from_telegram(sender: str, message: Json) -> Webhook:
    body = json.dumps({"update_id": uuid4().int % 2**31, "message": message}).encode()
    headers = {"X-Telegram-Bot-Api-Secret-Token": accounts.TELEGRAM_SECRET_TOKEN}
    return Webhook(path="telegram", sender=sender, body=body, headers=headers)


def _telegram_message(contact: str, text: str) -> Json:
    person = {"id": int(contact), "first_name": "Ann"}
    return {
        "message_id": uuid4().int % 2**31,
        "from": {**person, "is_bot": False},
        "chat": {**person, "type": "private"},
        "date": int(time.time()),
        "text": text,
    }
